"""Sends videos through a service, and reads what it stored."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
from clips import read_number
from conftest import RunningService
from media_server import MediaServer
from pictures import decode

Lines = list[dict[str, Any]]


class VideoBench:
    def __init__(self, service: RunningService, media: MediaServer) -> None:
        self.service = service
        self.media = media

    def put(self, data: bytes) -> str:
        return self.media.put(uuid.uuid4().hex, data)

    def ask(self, clip: bytes | str, *, fps: float | str | None = None, **fields: Any) -> Any:
        """The response of /v1/probe for a clip or the URL of one."""
        url = clip if isinstance(clip, str) else self.put(clip)
        sampling = None if fps is None else {"fps": fps}
        body = {"url": url, "name": "video", "sampling": sampling, "framesMax": 1000, **fields}
        return self.service.http.post("/v1/probe", json=body)

    def probe(self, clip: bytes | str, **fields: Any) -> dict[str, Any]:
        response = self.ask(clip, **fields)
        assert response.status_code == 200, response.text
        return response.json()

    def refuse(self, clip: bytes | str, status: int = 422, **fields: Any) -> dict[str, Any]:
        response = self.ask(clip, **fields)
        assert response.status_code == status, response.text
        error = response.json()["error"]
        assert "Signature" not in error["message"]
        return error

    def body(self, clip: bytes | str, pts: list[int], *, first_pts: int = 0, mask: Any = None, **fields: Any) -> Any:
        key = uuid.uuid4().hex
        has_masks = mask is not None and mask["kind"] == "video"
        return {
            "taskId": key,
            "video": {"url": clip if isinstance(clip, str) else self.put(clip), "firstPts": first_pts},
            "size": {"width": 128, "height": 96},
            "mask": mask,
            "samples": [
                {
                    "index": index,
                    "pts": time,
                    "imageUrl": self.media.url(f"objects/{key}-{index}-image"),
                    "maskUrl": self.media.url(f"objects/{key}-{index}-mask") if has_masks else None,
                }
                for index, time in enumerate(pts)
            ],
            **fields,
        }

    def send(self, body: Any) -> Lines:
        response = self.service.http.post("/v1/frames", json=body)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    def sample(self, clip: bytes | str, pts: list[int], **fields: Any) -> tuple[Lines, list[np.ndarray | None]]:
        """The frames' lines by index and, where one was stored, each frame in RGB."""
        body = self.body(clip, pts, **fields)
        *lines, end = self.send(body)
        lines = sorted((line for line in lines if line["type"] == "frame"), key=lambda line: line["index"])
        assert [line["index"] for line in lines] == list(range(len(pts)))
        succeeded = sum(line["status"] == "succeeded" for line in lines)
        assert (end["type"], end["succeeded"], end["failed"]) == ("end", succeeded, len(lines) - succeeded)
        return lines, [self.stored(body, index, "image") for index in range(len(pts))]

    def stored(self, body: Any, index: int, what: str) -> np.ndarray | None:
        data = self.media.objects.get(f"{body['taskId']}-{index}-{what}")
        return None if data is None else decode(data)


def numbers(frames: list[np.ndarray | None]) -> list[int | None]:
    """The number that each stored frame spells; None where none was stored."""
    return [None if frame is None else read_number(frame) for frame in frames]
