/* The functions of TurboJPEG that reading and writing need, found when the first JPEG is met: the
 * kernel starts without reading the library from disk, and runs where it is missing. */
#pragma once
#include <turbojpeg.h>
#include "base/err.h"

#define JPEG_FUNCTIONS(F)                                                                          \
    F(InitDecompress)                                                                              \
    F(InitCompress)                                                                                \
    F(DecompressHeader3)                                                                           \
    F(Decompress2)                                                                                 \
    F(Compress2)                                                                                   \
    F(Destroy)                                                                                     \
    F(Free)                                                                                        \
    F(GetErrorStr2)                                                                                \
    F(GetErrorCode)

struct jpeg_api {
#define F(name) __typeof__(&tj##name) name;
    JPEG_FUNCTIONS(F)
#undef F
};

/* NULL with an ERR_FILE that says what to install when the library is not there. */
const struct jpeg_api *jpeg_api(struct err *e);
