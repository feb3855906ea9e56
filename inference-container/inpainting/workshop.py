"""What the work on one video has: threads, connections, and the way it is stopped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from inpainting.course import Attendance
from inpainting.media import MediaClient
from inpainting.settings import Settings
from inpainting.videos.remote_file import RemoteFiles


class Workshop(Attendance):
    """Threads and connections of one process that works on one video.

    `pool` has a thread per core for frames, one by one. `readers` are for what reads and writes the whole video, which
    waits for its store between frames. Work in `readers` may wait for work in `pool`, never the other way round.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="frame")
        self.readers = ThreadPoolExecutor(2, thread_name_prefix="video")
        self.media = MediaClient(
            origins=settings.media_origins,
            media_bytes_max=settings.media_bytes_max,
            seconds_max=settings.transfer_seconds_max,
            connections=8 * settings.threads,
        )
        self.files = RemoteFiles(
            origins=settings.media_origins,
            seconds_max=settings.transfer_seconds_max,
            # A video, and a mask or the sound of another beside it.
            connections=2,
        )
