"""The values at the edges of a parameter's range."""

from __future__ import annotations

from imgsim.parameters import Parameter

MOST = 100


def other_values(parameter: Parameter) -> list[object]:
    """Every value but the default that is the other of two, one of the choices, or an end of the range.

    Of hundreds of choices, such as a package's networks, a hundred spread over them.
    """
    if parameter.type is bool:
        return [not parameter.default]
    if parameter.choices is not None:
        others = [choice for choice in parameter.choices if choice != parameter.default]
        return others[:: -(-len(others) // MOST)] if others else []
    bounds = [bound for bound in (parameter.minimum, parameter.maximum) if bound is not None]
    return [parameter.type(bound) for bound in bounds if bound != parameter.default]
