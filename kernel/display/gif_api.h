/* The few functions of giflib that write animations, found when they are first used. */
#pragma once
#include <gif_lib.h>
#include <stdbool.h>

#define GIF_FUNCTIONS(F)                                                                           \
    F(EGifOpen)                                                                                    \
    F(EGifSetGifVersion)                                                                           \
    F(EGifPutScreenDesc)                                                                           \
    F(EGifPutExtension)                                                                            \
    F(EGifPutExtensionLeader)                                                                      \
    F(EGifPutExtensionBlock)                                                                       \
    F(EGifPutExtensionTrailer)                                                                     \
    F(EGifPutImageDesc)                                                                            \
    F(EGifPutLine)                                                                                 \
    F(EGifCloseFile)                                                                               \
    F(GifMakeMapObject)                                                                            \
    F(GifFreeMapObject)

struct gif_api {
#define F(name) __typeof__(&name) name;
    GIF_FUNCTIONS(F)
#undef F
};

/* NULL when the library is not there. It stays loaded. Not for several threads at once. */
const struct gif_api *gif_api_load(void);
