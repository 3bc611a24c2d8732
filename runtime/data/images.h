/* Many pictures that are not in memory: the files of a folder or the members of a zip archive, in
 * the order of their names, decoded when they are used. A column of kind COLUMN_IMAGE holds
 * positions in such a list; changing the size gives a new list of the same files. Counted, never
 * changed; reading may be done by several threads at once. */
#pragma once
#include "image.h"

struct images;

/* All PNG and JPEG files below a folder or in an archive (by ending). An error if there is none. */
struct images *images_open(const char *path, struct err *e);
/* These files, in this order: names below the folder (or in the archive) `path`. */
struct images *images_named(const char *path, const char *const *names, int64_t n, struct err *e);
struct images *images_ref(struct images *x);
void images_unref(struct images *x);
/* The same files at another size or with other channels (0: as before). */
struct images *images_change(const struct images *x, int64_t height, int64_t width,
                             enum resize_method method, int channels, struct err *e);

int64_t images_count(const struct images *x);
const char *images_name(const struct images *x, int64_t i); /* "cats/3.jpg", below the folder */
/* uint8 [height, width, channel] of each picture; 0 sizes if they are not known: the list has no
 * size of its own and the first file cannot be read. */
struct shape images_shape(const struct images *x);
/* Picture i; of any size if the list has none (`whole` = false), else of images_shape exactly: a
 * file of another size is an error that names it. */
struct tensor *images_read(const struct images *x, int64_t i, bool whole, struct err *e);
/* Rows of a column of pictures as a tensor [row, height, width, channel] that is not in memory
 * (tensor.h); positions[k] is the picture of row k. */
struct tensor *images_tensor(struct images *x, const double *positions, int64_t n, struct err *e);
