"""The inference service: pictures and masks come by signed URL, inpainted pictures go back by signed URL."""

import os

# OpenCV reads its limits when it is imported. The header gate refuses large pictures long before;
# this is the second line, at the largest limit that settings allow.
PIXELS_CEILING = 256_000_000
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(PIXELS_CEILING)
# What it cannot decode is told by the item's error; its own words would break the log's one object a line.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

__version__ = "1.0.0"
