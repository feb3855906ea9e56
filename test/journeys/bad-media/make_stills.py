"""Writes the still pictures and masks of the suite of bad media: `python make_stills.py OUT_DIR`.

`OUT_DIR/looks` gets pictures that must come back as they look, with `mask.png` or `mask-turned.png` as their mask;
`OUT_DIR/masks` gets masks of `looks/rgb.png`; `OUT_DIR/parts` what wrong files are made of.
"""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms
from profiles import ADOBE_RGB, DISPLAY_P3, EXCHANGED, LINEAR, cmyk_profile, grey_profile, rgb_profile

W, H = 64, 48
HOLE = (26, 18, 38, 30)
SAMPLINGS = {"444": 0, "422": 1, "420": 2}


def draw_scene(width: int = W, height: int = H) -> np.ndarray:
    """RGB of slow waves under a corner of its own colour, so that a turned or mirrored picture shows."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [130 + 60 * np.sin(x / 9 + k) + 45 * np.cos(y / 7 + 2 * k) for k in range(3)]
    scene = np.clip(np.dstack(waves), 0, 255).astype(np.uint8)
    scene[: height // 6, : width // 6] = (250, 20, 40)
    return scene


def draw_hole(width: int = W, height: int = H) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    left, top, right, bottom = HOLE
    mask[top:bottom, left:right] = 255
    return mask


def encode(image: Image.Image, format_: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, format_, **options)
    return target.getvalue()


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def without_segment(jpeg: bytes, marker: int) -> bytes:
    """The JPEG without its first segment of that marker."""
    at = jpeg.index(bytes([0xFF, marker]))
    (length,) = struct.unpack_from(">H", jpeg, at + 2)
    return jpeg[:at] + jpeg[at + 2 + length :]


def turn_stored(image: Image.Image, orientation: int) -> Image.Image:
    """What a camera stores so that a viewer, who applies the orientation, shows the image."""
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"}
    undo |= {6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}
    return image.transpose(Image.Transpose[undo[orientation]]) if orientation > 1 else image


def make_pngs(rgb: Image.Image, alpha: Image.Image) -> dict[str, bytes]:
    grey = rgb.convert("L")
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    wide = np.asarray(rgb).astype(np.uint16) * 257 - (np.asarray(rgb) > 128) * np.uint16(77)
    wide_grey = np.asarray(grey).astype(np.uint16) * 257 - (np.asarray(grey) > 128) * np.uint16(77)
    wide_alpha = np.asarray(alpha).astype(np.uint16) * 257

    def wide_png(pixels: np.ndarray) -> bytes:
        return cv2.imencode(".png", pixels)[1].tobytes()

    files = {
        "rgb": encode(rgb, "PNG"),
        "grey": encode(grey, "PNG"),
        "grey-alpha": encode(Image.merge("LA", (grey, alpha)), "PNG"),
        "rgba": encode(rgba, "PNG"),
        "bit-1": encode(grey.convert("1"), "PNG"),
        "rgb-transparent-colour": encode(rgb, "PNG", transparency=(250, 20, 40)),
        "grey-transparent-level": encode(grey, "PNG", transparency=grey.getpixel((0, 0))),
        "16-bit-grey": wide_png(wide_grey),
        "16-bit-rgb": wide_png(wide[..., ::-1]),
        "16-bit-rgba": wide_png(np.dstack((wide[..., ::-1], wide_alpha))),
        "trailing": encode(rgb, "PNG") + b"\0notes of an editor" * 9,
    }
    for bits in (1, 2, 4, 8):
        palette = rgb.quantize(2**bits)
        files[f"palette-{bits}"] = encode(palette, "PNG", bits=bits)
        files[f"palette-{bits}-alpha"] = encode(palette, "PNG", bits=bits, transparency=bytes([60, 255]))
    return {f"{name}.png": data for name, data in files.items()}


def make_jpegs(rgb: Image.Image) -> dict[str, bytes]:
    grey = rgb.convert("L")
    cmyk = Image.fromarray(255 - np.dstack((np.asarray(rgb), np.full((H, W), 235, np.uint8))), "CMYK")
    files = {f"sampled-{name}": encode(rgb, "JPEG", quality=92, subsampling=n) for name, n in SAMPLINGS.items()}
    files |= {
        "grey": encode(grey, "JPEG", quality=92),
        "progressive": encode(rgb, "JPEG", quality=92, progressive=True),
        "progressive-grey": encode(grey, "JPEG", quality=92, progressive=True),
        "optimised": encode(rgb, "JPEG", quality=92, optimize=True),
        "coarse": encode(rgb, "JPEG", quality=20),
        "stored-as-rgb": encode(rgb, "JPEG", quality=92, keep_rgb=True),
        "restarts": encode(rgb, "JPEG", quality=92, restart_marker_rows=1),
        "no-jfif": without_segment(encode(rgb, "JPEG", quality=92), 0xE0),
        "commented": encode(rgb, "JPEG", quality=92, comment=b"by a camera" * 100),
        "trailing": encode(rgb, "JPEG", quality=92) + b"\0preview" * 40,
        "many-pictures": encode(rgb, "MPO", save_all=True, append_images=[grey.convert("RGB").resize((16, 12))]),
        "cmyk": encode(cmyk, "JPEG", quality=95),
        "cmyk-progressive": encode(cmyk, "JPEG", quality=95, progressive=True),
        "cmyk-profile": encode(cmyk, "JPEG", quality=95, icc_profile=cmyk_profile()),
        "cmyk-broken-profile": encode(cmyk, "JPEG", quality=95, icc_profile=b"no profile" * 30),
        "ycck": make_ycck(cmyk),
    }
    # Readers take the inks for inverted, as Adobe stores them, whether its marker is there or not.
    files["cmyk-without-adobe"] = without_segment(files["cmyk"], 0xEE)
    return {f"{name}.jpg": data for name, data in files.items()}


def make_ycck(cmyk: Image.Image) -> bytes:
    """A CMYK JPEG whose first three inks are coded as luminance and chroma, which Adobe's marker says."""
    inks = np.asarray(cmyk)
    coded = np.asarray(Image.fromarray(np.ascontiguousarray(inks[..., :3])).convert("YCbCr"))
    planes = np.dstack((255 - coded, inks[..., 3]))
    data = bytearray(encode(Image.fromarray(planes, "CMYK"), "JPEG", quality=95))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def make_webps(rgb: Image.Image, alpha: Image.Image) -> dict[str, bytes]:
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    files = {
        "lossy": encode(rgb, "WEBP", quality=90),
        "lossless": encode(rgb, "WEBP", lossless=True),
        "lossy-alpha": encode(rgba, "WEBP", quality=90),
        "lossless-alpha": encode(rgba, "WEBP", lossless=True, exact=True),
        "trailing": encode(rgb, "WEBP", quality=90) + b"\0more" * 20,
        "coarse": encode(rgb, "WEBP", quality=10),
    }
    return {f"{name}.webp": data for name, data in files.items()}


def make_oriented(rgb: Image.Image) -> dict[str, bytes]:
    formats = {"png": ("PNG", {}), "jpg": ("JPEG", {"quality": 92}), "webp": ("WEBP", {"quality": 90})}
    files = {}
    for orientation in range(1, 9):
        stored = turn_stored(rgb, orientation)
        for ending, (format_, options) in formats.items():
            files[f"orientation-{orientation}.{ending}"] = encode(stored, format_, exif=exif(orientation), **options)
    files["orientation-9.jpg"] = encode(rgb, "JPEG", quality=92, exif=exif(9))
    files["orientation-broken.jpg"] = encode(rgb, "JPEG", quality=92, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    return files


def make_profiled(rgb: Image.Image) -> dict[str, bytes]:
    profiles = {
        "p3": DISPLAY_P3,
        "adobe-rgb": ADOBE_RGB,
        "linear": LINEAR,
        "exchanged": EXCHANGED,
    }
    files = {}
    for name, facts in profiles.items():
        icc = rgb_profile(*facts)
        files[f"icc-{name}.png"] = encode(rgb, "PNG", icc_profile=icc)
        files[f"icc-{name}.jpg"] = encode(rgb, "JPEG", quality=92, icc_profile=icc)
        files[f"icc-{name}.webp"] = encode(rgb, "WEBP", quality=90, icc_profile=icc)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgba = rgb.copy()
    rgba.putalpha(Image.new("L", rgb.size, 200))
    grey, exchanged = rgb.convert("L"), rgb_profile(*EXCHANGED)
    return files | {
        "icc-srgb.jpg": encode(rgb, "JPEG", quality=92, icc_profile=srgb),
        "icc-rgba.png": encode(rgba, "PNG", icc_profile=exchanged),
        "icc-palette.png": encode(rgb.quantize(64), "PNG", icc_profile=exchanged),
        "icc-grey.png": encode(grey, "PNG", icc_profile=grey_profile(1.0)),
        "icc-grey.jpg": encode(grey, "JPEG", quality=92, icc_profile=grey_profile(1.0)),
        "icc-grey-alpha.png": encode(
            Image.merge("LA", (grey, rgba.getchannel("A"))), "PNG", icc_profile=grey_profile(1.0)
        ),
        "icc-of-grey-in-rgb.png": encode(rgb, "PNG", icc_profile=grey_profile(1.0)),
        "icc-of-cmyk-in-rgb.jpg": encode(rgb, "JPEG", quality=92, icc_profile=cmyk_profile()),
        "icc-broken.png": encode(rgb, "PNG", icc_profile=b"this is no profile" * 20),
        "icc-turned.jpg": encode(turn_stored(rgb, 6), "JPEG", quality=92, exif=exif(6), icc_profile=exchanged),
        "icc-exchanged-16-bit.png": with_icc(
            cv2.imencode(".png", np.asarray(rgb)[..., ::-1].astype(np.uint16) * 257)[1].tobytes(),
            encode(rgb, "PNG", icc_profile=exchanged),
        ),
    }


def with_icc(png: bytes, donor: bytes) -> bytes:
    """The PNG with the profile of another."""
    at = donor.index(b"iCCP") - 4
    (length,) = struct.unpack_from(">I", donor, at)
    return png[:33] + donor[at : at + 12 + length] + png[33:]


def make_masks(hole: Image.Image) -> dict[str, bytes]:
    white, black = Image.new("L", hole.size, 255), Image.new("L", hole.size, 0)
    colour = Image.merge("RGB", (hole, hole, hole))
    inverted = Image.fromarray(255 - np.asarray(hole))
    soft = Image.fromarray(cv2.GaussianBlur(np.asarray(hole), (3, 3), 0.5))
    wide = Image.fromarray(np.asarray(hole).astype(np.uint16) * 257)
    return {
        "grey.png": encode(hole, "PNG"),
        "bit-1.png": encode(hole.convert("1"), "PNG"),
        "palette.png": encode(colour.quantize(2), "PNG"),
        "palette-1-bit.png": encode(colour.quantize(2), "PNG", bits=1),
        "rgb.png": encode(colour, "PNG"),
        "yellow.png": encode(Image.merge("RGB", (hole, hole, black)), "PNG"),
        "rgba.png": encode(Image.merge("RGBA", (hole, hole, hole, white)), "PNG"),
        "alpha-of-white.png": encode(Image.merge("RGBA", (white, white, white, hole)), "PNG"),
        "grey-alpha-of-white.png": encode(Image.merge("LA", (white, hole)), "PNG"),
        "16-bit.png": encode(wide, "PNG"),
        "inverted.png": encode(inverted, "PNG"),
        "black.png": encode(black, "PNG"),
        "nearly-black-and-white.png": encode(hole.point(lambda level: 40 if level < 128 else 220), "PNG"),
        "soft.png": encode(soft, "PNG"),
        "jpeg.jpg": encode(hole, "JPEG", quality=92),
        "jpeg-rgb.jpg": encode(colour, "JPEG", quality=75),
        "jpeg-soft.jpg": encode(soft, "JPEG", quality=90),
        "jpeg-progressive.jpg": encode(hole, "JPEG", quality=92, progressive=True),
        "lossless.webp": encode(colour, "WEBP", lossless=True),
        "lossy.webp": encode(colour, "WEBP", quality=90),
        "lossless-alpha.webp": encode(
            Image.merge("RGBA", (white, white, white, hole)), "WEBP", lossless=True, exact=True
        ),
        "turned.png": encode(turn_stored(hole, 6), "PNG", exif=exif(6)),
        "turned.jpg": encode(turn_stored(hole, 8), "JPEG", quality=92, exif=exif(8)),
    }


def make_parts(rgb: Image.Image, hole: Image.Image) -> dict[str, bytes]:
    grey, other = rgb.convert("L"), Image.new("RGB", rgb.size, (9, 99, 199))
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, W, dtype=np.uint8), (H, 1)))
    large = Image.new("L", (3200, 2700), 0)
    small = hole.resize((32, 24))
    return {
        "animated.png": encode(rgb, "PNG", save_all=True, append_images=[other], duration=100),
        "animated.webp": encode(rgb, "WEBP", save_all=True, append_images=[other], duration=100),
        "animated.gif": encode(rgb, "GIF", save_all=True, append_images=[other], duration=100),
        "still.gif": encode(rgb, "GIF"),
        "still.bmp": encode(rgb, "BMP"),
        "still.tiff": encode(rgb, "TIFF"),
        "still.ico": encode(rgb, "ICO"),
        "still.ppm": encode(rgb, "PPM"),
        "still.tga": encode(rgb, "TGA"),
        "still.jp2": encode(rgb, "JPEG2000"),
        "still.avif": encode(rgb, "AVIF"),
        "still.pdf": encode(rgb, "PDF"),
        "still.psd": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, H, W, 8, 3) + bytes(60),
        "mask-cmyk.jpg": encode(hole.convert("RGB").convert("CMYK"), "JPEG", quality=92),
        "mask-half-grey.png": encode(Image.new("L", hole.size, 128), "PNG"),
        "mask-ramp.png": encode(ramp, "PNG"),
        "mask-ramp.jpg": encode(ramp, "JPEG", quality=92),
        "mask-ramp.webp": encode(ramp, "WEBP", lossless=True),
        "mask-very-soft.png": encode(Image.fromarray(cv2.GaussianBlur(np.asarray(hole), (0, 0), 4)), "PNG"),
        "mask-white.png": encode(Image.new("L", hole.size, 255), "PNG"),
        "mask-white.jpg": encode(Image.new("L", hole.size, 255), "JPEG"),
        "mask-white.webp": encode(Image.new("L", hole.size, 255), "WEBP"),
        "mask-red.png": encode(Image.merge("RGB", (Image.new("L", hole.size, 255), hole, hole)), "PNG"),
        "mask-green.png": encode(
            Image.merge("RGB", (Image.new("L", hole.size, 0), hole, Image.new("L", hole.size, 0))).resize(hole.size),
            "PNG",
        ),
        "mask-photo.png": encode(rgb, "PNG"),
        "mask-photo.jpg": encode(grey, "JPEG"),
        "mask-half-transparent.png": encode(
            Image.merge("LA", (Image.new("L", hole.size, 255), Image.new("L", hole.size, 128))), "PNG"
        ),
        "mask-small.png": encode(small, "PNG"),
        "mask-small.jpg": encode(small, "JPEG", quality=92),
        "mask-turned.png": encode(hole.transpose(Image.Transpose.ROTATE_90), "PNG"),
        "mask-exif-turned.jpg": encode(hole, "JPEG", quality=92, exif=exif(6)),
        "mask-large.jpg": encode(large, "JPEG"),
        "mask-large.webp": encode(large, "WEBP", lossless=True),
        "photo-large.png": encode(Image.new("L", (3200, 2700), 90), "PNG"),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    rgb, hole = Image.fromarray(draw_scene()), Image.fromarray(draw_hole())
    y, x = np.mgrid[0:H, 0:W]
    alpha = Image.fromarray((255 - (x + y) * 2).clip(0, 255).astype(np.uint8))
    looks = make_pngs(rgb, alpha) | make_jpegs(rgb) | make_webps(rgb, alpha) | make_oriented(rgb) | make_profiled(rgb)
    groups = {"looks": looks, "masks": make_masks(hole), "parts": make_parts(rgb, hole)}
    for group, files in groups.items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / group / name).write_bytes(data)


if __name__ == "__main__":
    main()
