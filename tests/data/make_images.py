"""Makes the pictures of tests/data/files and Pillow's own answers beside them.

    python tests/data/make_images.py            (needs numpy and pillow)
"""
from pathlib import Path

import numpy as np
from PIL import Image

OUT = Path(__file__).parent / "files"
METHODS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}

y, x = np.mgrid[0:24, 0:32]
waves = np.stack([128 + 100 * np.sin(x / 5) * np.cos(y / 4), x * 255 / 31, y * 255 / 23], -1)
picture = Image.fromarray(waves.astype(np.uint8))
faded = picture.convert("RGBA")
faded.putalpha(Image.fromarray((x * 8).astype(np.uint8)))

picture.save(OUT / "picture.png")
picture.save(OUT / "picture.jpg", quality=90)
picture.save(OUT / "progressive.jpg", quality=90, progressive=True)
picture.convert("L").save(OUT / "grey.png")
picture.convert("L").save(OUT / "grey.jpg")
picture.convert("CMYK").save(OUT / "cmyk.jpg")
picture.quantize(16).save(OUT / "palette.png")
faded.save(OUT / "faded.png")
np.save(OUT / "picture.npy", np.asarray(picture))
np.save(OUT / "picture_jpg.npy", np.asarray(Image.open(OUT / "picture.jpg")))
np.save(OUT / "cmyk.npy", np.asarray(Image.open(OUT / "cmyk.jpg").convert("RGB")))
np.save(OUT / "grey.npy", np.asarray(picture.convert("L")))
for name, method in METHODS.items():
    np.save(OUT / f"{name}.npy", np.asarray(picture.resize((11, 7), method)))
