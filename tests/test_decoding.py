"""Decoding: every mode gives the right colours, every orientation stands upright, every bad file has a reason."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageCms

from imgsim.errors import UnreadableImageError
from imgsim.images import contents, decode, decoding, from_pil
from imgsim.images.budget import Budget
from imgsim.images.decoding import MAX_RESULT_PIXELS, decode_sized, scaling

RED, WHITE = (255, 0, 0), (255, 255, 255)


def encoded(picture: Pil.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def scene() -> np.ndarray:
    """(40, 60, 3), another colour in each corner: no orientation looks like another."""
    image = np.full((40, 60, 3), 200, np.uint8)
    image[:20, :30], image[:20, 30:], image[20:, :30] = (220, 30, 30), (30, 200, 30), (30, 30, 220)
    return image


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, WHITE),
        ("L", 90, (90, 90, 90)),
        ("RGB", RED, RED),
        ("RGBA", (255, 0, 0, 0), WHITE),  # hidden colour under full transparency must not show
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("LA", (0, 51), (204, 204, 204)),
        ("I;16", 32768, (128, 128, 128)),
        ("I;16", 2048, (128, 128, 128)),  # 12 bits in 16
        ("I", 65535, WHITE),
        ("F", 0.5, (128, 128, 128)),
        ("CMYK", (0, 255, 255, 0), RED),
        ("LAB", (255, 128, 128), WHITE),
    ],
)
def test_every_mode_becomes_rgb_on_white(mode: str, color: object, expected: tuple[int, int, int]) -> None:
    format = "PNG" if mode in ("1", "L", "RGB", "RGBA", "LA", "I;16") else "TIFF"
    image = decode(encoded(Pil.new(mode, (9, 7), color), format))
    assert image.shape == (7, 9, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - expected).max() <= 1


def test_palette_with_transparency_is_composited_on_white() -> None:
    picture = Pil.new("P", (4, 4), 0)
    picture.putpalette([10, 20, 30, 200, 0, 0])
    picture.putpixel((0, 0), 1)
    image = decode(encoded(picture, "PNG", transparency=0))
    assert tuple(image[0, 0]) == (200, 0, 0)
    assert (image[1:] == 255).all()


def test_pictures_in_memory_of_modes_that_no_file_brings() -> None:
    assert np.abs(from_pil(Pil.new("YCbCr", (3, 2), (76, 85, 255))).astype(int) - RED).max() <= 1
    assert (from_pil(Pil.new("HSV", (3, 2), (0, 255, 255))) == RED).all()


def test_pa_mode_is_composited_on_white() -> None:
    picture = Pil.new("RGBA", (3, 3), (10, 20, 30, 0)).convert("PA")
    assert (from_pil(picture) == 255).all()


def test_deep_pictures_outside_the_usual_scales_are_stretched_and_nan_is_black() -> None:
    values = np.array([[-10, 0, 10, np.nan]], np.float32)
    image = decode(encoded(Pil.fromarray(values), "TIFF"))
    assert image[0, :, 0].tolist() == [0, 128, 255, 0]


def test_first_frame_of_an_animation() -> None:
    frames = [Pil.new("RGB", (8, 8), color) for color in ("red", "blue")]
    for format in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=50)
        assert np.abs(decode(data)[4, 4].astype(int) - RED).max() <= 4


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_stand_upright(orientation: int, format: str) -> None:
    # A camera that is turned stores the scene by the inverse of what a viewer must do.
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    stored = Pil.fromarray(np.ascontiguousarray(undo[orientation](scene())))
    exif = Pil.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if format == "JPEG" else {"lossless": True} if format == "WEBP" else {}
    decoded = decode_sized(encoded(stored, format, exif=exif, **options))
    assert (decoded.width, decoded.height) == (60, 40)
    assert np.abs(decoded.image.astype(int) - scene()).mean() < 2


def test_damaged_exif_does_not_hide_the_picture() -> None:
    data = encoded(Pil.fromarray(scene()), "JPEG", exif=b"Exif\0\0broken beyond repair")
    assert decode(data).shape == (40, 60, 3)


def swapped_profile() -> bytes:
    """An RGB profile whose colours are far from sRGB: a gamma of 1."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_warnings_of_damaged_metadata_reach_nobody_whatever_other_threads_do_to_the_filters() -> None:
    code = """
        import threading, warnings
        from concurrent.futures import ThreadPoolExecutor
        from imgsim.images import decode

        data = bytes.fromhex(input())
        decode(data)
        done = threading.Event()

        def meddle():
            while not done.wait(.0005):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")

        meddler = threading.Thread(target=meddle)
        meddler.start()
        with ThreadPoolExecutor(4) as pool:
            print({image.shape for image in pool.map(decode, [data] * 200)})
        done.set()
        meddler.join()
    """
    exif = b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01"  # five entries are told, none is there
    data = encoded(Pil.fromarray(scene()), "JPEG", exif=exif)
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        Pil.open(io.BytesIO(data)).getexif()
    command = [sys.executable, "-W", "always", "-c", textwrap.dedent(code)]
    ran = subprocess.run(command, input=data.hex(), capture_output=True, text=True, timeout=120)
    assert (ran.stdout.strip(), ran.stderr) == (str({scene().shape}), "")


def test_a_colour_profile_is_applied_and_a_broken_one_ignored() -> None:
    profile = bytearray(swapped_profile())
    at = profile.find(b"para")
    while at >= 0:  # replace each curve by gamma 1
        profile[at : at + 16] = b"para" + bytes(4) + struct.pack(">HHI", 0, 0, 1 << 16)
        at = profile.find(b"para", at + 4)
    name = profile.find("sRGB".encode("utf-16-be"))
    while name >= 0:
        profile[name : name + 8] = "line".encode("utf-16-be")
        name = profile.find("sRGB".encode("utf-16-be"))
    grey = Pil.new("RGB", (4, 4), (55, 55, 55))
    linear = decode(encoded(grey, icc_profile=bytes(profile)))
    assert abs(int(linear[0, 0, 0]) - 128) <= 2  # linear 55/255 = 0.216 is 128 in sRGB
    assert (decode(encoded(grey, icc_profile=b"no profile at all")) == 55).all()
    assert (decode(encoded(grey, icc_profile=swapped_profile())) == 55).all()


def test_scaled_decoding_keeps_twice_the_side_and_changes_little(astronaut: np.ndarray) -> None:
    large = Pil.fromarray(astronaut).resize((2048, 1536), Pil.Resampling.LANCZOS)
    data = encoded(large, "JPEG", quality=92)
    scaled = decode_sized(data, min_side=224)
    assert (scaled.width, scaled.height) == (2048, 1536)
    assert scaled.image.shape == (768, 1024, 3)  # 1536 / 2 >= 448; 1536 / 4 is not
    assert decode(data).shape == (1536, 2048, 3)
    small = (128, 96)
    whole = np.asarray(Pil.fromarray(decode(data)).resize(small, Pil.Resampling.BOX), int)
    assert np.abs(np.asarray(Pil.fromarray(scaled.image).resize(small, Pil.Resampling.BOX), int) - whole).mean() < 0.5


def test_pictures_of_one_scaling_are_one_and_are_decoded_once(astronaut: np.ndarray, monkeypatch) -> None:
    photo = Pil.fromarray(astronaut).resize((1024, 768), Pil.Resampling.LANCZOS)
    large = Pil.fromarray(np.random.default_rng(0).integers(0, 256, (790, 1070, 3), np.uint8))
    monkeypatch.setattr(decoding, "LARGE_PIXELS", 800_000)
    sides = [150, 8, None, 192, 96, 32, 97, 150]
    plain = contents.picture
    for data, n_ways in ((encoded(photo, "JPEG"), 4), (encoded(photo, "PNG"), 1), (encoded(large, "BMP"), 5)):
        assert len({scaling(data, side) for side in sides}) == n_ways
        asked: list[int | None] = []
        monkeypatch.setattr(
            contents, "picture", lambda data, side, asked=asked: asked.append(side) or plain(data, side)
        )
        found, width, height = contents.prepared(data, [(np.copy, side) for side in sides])
        assert len(asked) == n_ways
        assert (width, height) == Pil.open(io.BytesIO(data)).size
        for side, image in zip(sides, found, strict=True):
            np.testing.assert_array_equal(image, decode(data, min_side=side), err_msg=str(side))


def test_strips_of_a_large_picture_join_without_a_seam() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (3100, 4300, 3), np.uint8)
    image = decode(encoded(Pil.fromarray(values), "BMP"), min_side=300)  # 13 megapixels: reduced by 5
    expected = values[:3100, :4300].reshape(620, 5, 860, 5, 3).mean((1, 3))
    assert image.shape == (620, 860, 3)
    assert np.abs(image - expected).max() <= 1
    assert (decode(encoded(Pil.fromarray(values), "BMP")) == values).all()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


PNG = encoded(Pil.fromarray(scene()))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just a letter to a friend\n" * 9, "text"),
        (PNG[: len(PNG) // 2], "damaged"),
        (encoded(Pil.fromarray(scene()), "JPEG")[:400], "damaged"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"%PDF-1.7\n" + bytes(100), "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "PostScript"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "SVG"),
        (bytes(range(256)) * 4, "not an image"),
        (png_header(60000, 60000), "decompression bomb"),
        (png_header(30000, 30000), "decompression bomb"),
        (png_header(2**31 - 1, 2**31 - 1), "decompression bomb"),
    ],
)
def test_every_bad_file_is_refused_with_its_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(data)
    for source in (data, path):
        with pytest.raises(UnreadableImageError, match=reason):
            decode(source)


def test_a_misnamed_picture_is_read(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(PNG)
    assert (decode(path) == scene()).all()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "gone.jpg", "gone"), (tmp_path, "folder")):
        with pytest.raises(UnreadableImageError, match=reason):
            decode(path)


def test_random_damage_never_raises_anything_else() -> None:
    rng = np.random.default_rng(3)
    picture = Pil.fromarray(scene())
    for format in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "TGA", "PPM", "ICO", "PCX"):
        whole = np.frombuffer(encoded(picture, format), np.uint8)
        for _ in range(25):
            data = whole.copy()
            data[rng.integers(0, len(data), 8)] = rng.integers(0, 256, 8)
            try:
                image = decode(data.tobytes())
            except UnreadableImageError:
                continue
            assert image.ndim == 3
            assert image.size > 0


PANORAMA = """
    import io, resource, sys, zlib, struct
    from pathlib import Path
    from imgsim.images import decode
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    image = decode(Path(sys.argv[1]), min_side=224)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(image.shape[0], image.shape[1], (after - before) // 1024)
"""


@pytest.mark.parametrize(("format", "limit_mib"), [("JPEG", 60), ("PNG", 420)])
def test_a_panorama_of_20000_pixels_is_read_in_bounded_memory(tmp_path: Path, format: str, limit_mib: int) -> None:
    path = tmp_path / "panorama"
    Pil.linear_gradient("L").resize((20_000, 4_000), Pil.Resampling.NEAREST).convert("RGB").save(
        path, format, compress_level=1
    )  # 80 megapixels, 320 MB decoded
    code = [sys.executable, "-c", textwrap.dedent(PANORAMA), str(path)]
    height, width, grown = map(int, subprocess.run(code, capture_output=True, text=True, check=True).stdout.split())
    assert height >= 448
    assert width == pytest.approx(5 * height, rel=0.02)
    assert height * width < MAX_RESULT_PIXELS
    assert grown < limit_mib


def test_a_huge_picture_without_a_wish_is_handed_out_below_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Pil.new("L", (9_000, 8_000), 40).save(path, compress_level=1)
    decoded = decode_sized(path)
    assert decoded.image.shape == (4_000, 4_500, 3)
    assert (decoded.width, decoded.height) == (9_000, 8_000)
    assert (decoded.image == 40).all()


def test_the_budget_lets_large_ones_take_turns() -> None:
    import threading

    budget, inside, worst = Budget(100), [0], [0]
    lock = threading.Lock()

    def work(cost: int) -> None:
        with budget.take(cost):
            with lock:
                inside[0] += min(cost, 100)
                worst[0] = max(worst[0], inside[0])
            threading.Event().wait(0.01)
            with lock:
                inside[0] -= min(cost, 100)

    threads = [threading.Thread(target=work, args=(cost,)) for cost in (60, 60, 500, 30, 30, 60, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
    assert 0 < worst[0] <= 100


@pytest.mark.shared
def test_hostile_orientations_equal_the_upright_picture(shared_data: Path) -> None:
    folder = shared_data / "hostile" / "exif_samples" / "jpg" / "orientation"
    for first, others in (("portrait_1", "portrait_[457]"), ("landscape_2", "landscape_[3-8]")):
        upright = decode(folder / f"{first}.jpg")
        for path in folder.glob(f"{others}.jpg"):
            turned = decode(path)
            assert turned.shape == upright.shape
            assert np.corrcoef(turned.ravel(), upright.ravel())[0, 1] > 0.95  # each was compressed by itself
