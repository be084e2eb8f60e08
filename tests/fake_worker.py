"""A worker that does what the task's name says, by the protocol of `imgsim.worker`, without the heavy libraries."""

import json
import os
import sys
import time


def tell(**message):
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    job = json.loads(line)
    id, task, arguments = job["id"], job["task"], job["arguments"]
    if task == "count":
        for done in range(arguments["to"] + 1):
            tell(id=id, event="progress", stage="counting", done=done, total=arguments["to"])
        tell(id=id, event="done", result={"pid": os.getpid()})
    elif task == "fail":
        tell(id=id, event="failed", message="the number must be even, got 3; take 4.")
    elif task == "pieces":
        time.sleep(0.1)
        left = arguments.get("left", arguments["n"]) - 1
        tell(
            id=id, **({"event": "pause", "rest": {"left": left}} if left else {"event": "done", "result": {"left": 0}})
        )
    elif task == "crash":
        os._exit(7)
    else:  # endless, such as map
        tell(id=id, event="progress", stage="waiting", done=1, total=100)
        time.sleep(600)
