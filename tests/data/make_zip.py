"""Makes tests/data/files/python.zip and python64.zip (every member with Zip64 fields).

    python tests/data/make_zip.py
"""
import zipfile
from pathlib import Path

OUT = Path(__file__).parent / "files"
for name, big in [("python.zip", False), ("python64.zip", True)]:
    with zipfile.ZipFile(OUT / name, "w") as z:
        for member, text, method in [("stored.txt", "hello", zipfile.ZIP_STORED),
                                     ("folder/packed.txt", "abc" * 15, zipfile.ZIP_DEFLATED),
                                     ("empty", "", zipfile.ZIP_STORED)]:
            info = zipfile.ZipInfo(member)
            info.compress_type = method
            with z.open(info, "w", force_zip64=big) as f:
                f.write(text.encode())
