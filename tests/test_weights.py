"""Weights files: found, fetched from a local server in every way that can go wrong, imported, loaded safely."""

from __future__ import annotations

import hashlib
import http.server
import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from imgsim import weights
from imgsim.errors import CancelledError, InputError, UnavailableError
from imgsim.methods import METHODS
from imgsim.methods.torchvision_networks import choose
from imgsim.weights import WeightsFile

CONTENT = bytes(range(256)) * 9000  # 2.3 MB: several chunks
START = hashlib.sha256(CONTENT).hexdigest()[:8]


class Handler(http.server.BaseHTTPRequestHandler):
    requests: list[str]

    def do_GET(self) -> None:
        type(self).requests.append(self.path)
        if "absent" in self.path:
            self.send_error(404)
            return
        if self.path.startswith("/hub/"):  # as a model hub answers: the hash of the file, and where it is
            stated = "0" * 64 if "changed" in self.path else hashlib.sha256(CONTENT).hexdigest()
            self.send_response(302)
            self.send_header("X-Linked-ETag", f'"{stated}"')
            self.send_header("Location", self.path.replace("/hub/", "/store/"))
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = len(CONTENT) // 2 if "interrupted" in self.path else len(CONTENT)
        self.wfile.write(CONTENT[:half])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.requests = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGSIM_WEIGHTS", "")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def published(url: str, network: str = "resnet50") -> WeightsFile:
    return WeightsFile(network, "IMAGENET1K_V1", url, 2.3)


def left_behind() -> list[str]:
    folder = weights.workspace_folder()
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def test_a_good_file_is_fetched_once_with_progress(server: str) -> None:
    file = published(f"{server}/resnet50-{START}.pth")
    steps: list[tuple[str, int, int]] = []
    path = weights.fetch(file, lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT
    assert weights.fetch(file) == path == weights.find(file)
    assert Handler.requests == [f"/resnet50-{START}.pth"]
    assert steps[0][1:] == (0, len(CONTENT))
    assert steps[-1][1:] == (len(CONTENT), len(CONTENT))
    assert len(steps) > 3
    assert left_behind() == [path.name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("resnet50-0123abcd.pth", f"its sha256 starts with {START} instead of 0123abcd"),
        (f"absent-{START}.pth", "the server answered 404"),
        (f"interrupted-{START}.pth", f"the connection ended after {len(CONTENT) // 2} of {len(CONTENT)} bytes"),
    ],
)
def test_a_failed_fetch_is_one_sentence_and_leaves_nothing(server: str, name: str, reason: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        weights.fetch(published(f"{server}/{name}"))
    assert f"could not be fetched ({reason}); download {server}/{name} elsewhere and run: " in str(caught.value)
    assert str(caught.value).endswith(f"imgsim weights import {name} --for resnet50.")
    assert left_behind() == []


def test_the_hash_that_a_hub_states_is_checked(server: str) -> None:
    file = published(f"{server}/hub/model.safetensors")
    assert file.sha256_start == ""
    assert weights.fetch(file).read_bytes() == CONTENT
    with pytest.raises(UnavailableError, match=r"its sha256 starts with .* instead of 000000000000"):
        weights.fetch(published(f"{server}/hub/changed.safetensors"))
    assert left_behind() == ["model.safetensors"]


def test_a_refused_connection_is_the_same_sentence() -> None:
    with pytest.raises(
        UnavailableError, match=r"could not be fetched \(connection refused\); download .* --for resnet50"
    ):
        weights.fetch(published("http://127.0.0.1:9/resnet50-0123abcd.pth"))


def test_offline_means_that_nothing_is_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGSIM_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="IMGSIM_OFFLINE is set"):
        weights.fetch(published(f"{server}/resnet50-{START}.pth"))
    assert Handler.requests == []


def test_cancelling_a_fetch_leaves_nothing(server: str) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        if done:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        weights.fetch(published(f"{server}/resnet50-{START}.pth"), cancel)
    assert left_behind() == []


def test_a_method_without_weights_says_how_to_bring_them_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
    method = METHODS.create("resnet50")
    reason = method.unavailable() or ""
    assert "IMAGENET1K_V2 weights of resnet50 (97.8 MB) are not on this machine" in reason
    assert "imgsim weights import resnet50-11ad3fa6.pth --for resnet50" in reason
    assert method.download is not None
    assert method.download.tag == "IMAGENET1K_V2"
    assert METHODS.create("resnet50", weights="random").unavailable() is None


def test_the_key_does_not_change_when_the_file_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = published(f"https://x/resnet18-{START}.pth", "resnet18")
    monkeypatch.setattr("imgsim.methods._network_facts.published", lambda network: (start,))
    method = METHODS.create("resnet18")
    before = method.key
    weights.workspace_folder().mkdir(parents=True)
    target = weights.workspace_folder() / start.name
    target.write_bytes(CONTENT)
    assert method.unavailable() is None
    assert METHODS.create("resnet18").key == method.key == before
    target.write_bytes(CONTENT + b"altered")
    assert METHODS.create("resnet18").key != before


def test_where_weights_are_looked_for_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    monkeypatch.setenv("IMGSIM_WEIGHTS", os.pathsep.join(map(str, (a, b))))
    places = [tmp_path / "torch" / "hub" / "checkpoints", weights.workspace_folder(), b, a]
    file = published(f"https://x/resnet50-{START}.pth")
    assert weights.find(file) is None
    for place in places:  # each one hides those before
        place.mkdir(parents=True, exist_ok=True)
        (place / file.name).write_bytes(CONTENT)
        assert weights.find(file) == place / file.name


def test_own_files_are_found_by_the_longest_network_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    for name in ("vgg16_bn_mine.pth", "resnet50.pt", "resnet50x.pth", "resnet18_imagenet1k_v1.safetensors", "notes.md"):
        (tmp_path / name).write_bytes(b"x")
    assert choose("vgg16_bn", "auto").path == tmp_path / "vgg16_bn_mine.pth"
    assert choose("vgg16", "auto").path is None
    mine = choose("resnet50", "auto")
    assert (mine.tag, mine.path, mine.preprocessing.resize) == ("own", tmp_path / "resnet50.pt", 256)
    assert choose("resnet50", "IMAGENET1K_V2").path is None, "a tag never stands for a file of unknown recipe"
    assert choose("resnet18", "IMAGENET1K_V1").path == tmp_path / "resnet18_imagenet1k_v1.safetensors"


def test_another_published_file_that_is_here_is_taken_before_a_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    (tmp_path / "resnet50-0676ba61.pth").write_bytes(b"x")
    chosen = choose("resnet50", "auto")
    assert (chosen.tag, chosen.preprocessing.resize) == ("IMAGENET1K_V1", 256)
    assert choose("resnet50", "IMAGENET1K_V2").path is None


def test_importing_checks_the_hash_and_keeps_own_files_apart(tmp_path: Path) -> None:
    files = (published(f"https://x/resnet50-{START}.pth"),)
    renamed = tmp_path / "download.pth"
    renamed.write_bytes(CONTENT)
    assert weights.import_file(renamed, "resnet50", files).name == f"resnet50-{START}.pth"
    wrong = tmp_path / f"resnet50-{START}.pth"
    wrong.write_bytes(b"something else")
    with pytest.raises(InputError, match=f"must have a sha256 that starts with {START}"):
        weights.import_file(wrong, "resnet50", files)
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    assert weights.import_file(mine, "resnet50", files).name == "resnet50_mine.safetensors"
    with pytest.raises(InputError, match="must exist"):
        weights.import_file(tmp_path / "none.pth", "resnet50", files)
    with pytest.raises(InputError, match=r"must be one of \.safetensors"):
        weights.import_file(Path(__file__), "resnet50", files)


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> object:
        return (Path.touch, (self.target,))


def test_loading_never_runs_code_from_the_file(tmp_path: Path) -> None:
    import torch

    fine, bomb, marker = tmp_path / "fine.pth", tmp_path / "bomb.pth", tmp_path / "ran"
    torch.save({"state_dict": {"module.a": torch.ones(2)}}, fine)
    assert list(weights.load_state(fine)) == ["a"]
    bomb.write_bytes(pickle.dumps(Bomb(marker)))
    with pytest.raises(InputError, match=r"bomb\.pth must be a readable weights file"):
        weights.load_state(bomb)
    assert not marker.exists()
    torch.save([1, 2], fine)
    with pytest.raises(InputError, match="must hold a state dict, got list"):
        weights.load_state(fine)


def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    torch.save({"a": torch.ones(2)}, tmp_path / "squeezenet1_1_mine.pth")
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    method = METHODS.create("squeezenet1_1")
    with pytest.raises(InputError, match="must be a state dict of torchvision's squeezenet1_1"):
        method.embed([__import__("numpy").zeros((9, 9, 3), "uint8")])


def test_published_names_are_plain_file_names() -> None:
    for cls in METHODS:
        for file in cls.published_weights():
            assert unquote(file.name) == file.name
            assert file.sha256_start or file.saved_as or cls.id == "vgg16", file
