# python3 repair.py BASE_URL PICTURE MASK   removes from the picture what is white in the mask; needs Python 3.9 or newer
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

base, picture, mask = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
headers = {}


def call(method, path, body=None, kind="application/json", **further):
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    sent = {**headers, **({"Content-Type": kind} if data else {}), **further}
    try:
        with urllib.request.urlopen(urllib.request.Request(base + path, data, sent, method=method)) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{refused.code} {refused.read().decode()}")


def form(fields):
    """A multipart body of texts and files, and its type."""
    boundary, body = uuid.uuid4().hex, b""
    for name, value in fields.items():
        is_file = isinstance(value, Path)
        file_name = f'; filename="{value.name}"' if is_file else ""
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n'.encode()
        body += (value.read_bytes() if is_file else value.encode()) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


account = {"email": f"{uuid.uuid4()}@example.com", "password": "Passw0rd!"}
call("POST", "/api/users/user", {"name": "Mario", "surname": "Rossi", **account})
headers["Authorization"] = "Bearer " + call("POST", "/api/users/login", account)["data"]["token"]

call("POST", "/api/datasets", {"name": "From a program"})
call("POST", "/api/datasets/data", *form({"datasetName": "From a program", "image": picture, "mask": mask}))

# The key makes it safe to send this request again when its answer is lost: it is charged once.
once = {"Idempotency-Key": str(uuid.uuid4())}
started = call("POST", "/api/inferences", {"datasetName": "From a program"}, **once)
while call("GET", f"/api/inferences/job/{started['jobId']}/status")["data"]["status"] not in ("completed", "failed"):
    time.sleep(0.5)

results = call("GET", f"/api/inferences/{started['inference']['id']}/results")["data"]
if not results["images"]:
    sys.exit(json.dumps(results["failures"]))
urllib.request.urlretrieve(results["images"][0]["downloadUrl"], "repaired.png")
print("repaired.png")
