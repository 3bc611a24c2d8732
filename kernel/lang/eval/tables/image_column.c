/* Columns of pictures as values: all of them in memory, or one. */
#include "image_column.h"
#include "data/images.h"
#include "base/intern.h"
#include <math.h>
#include <string.h>

static const double LARGEST_IN_MEMORY = 4e9; /* bytes of pictures */

static bool too_large(struct eval *ev, const struct column *c, int64_t n, const struct shape *one,
                      double bytes) {
    err_set(ev->e, ERR_MEMORY,
            "%lld pictures of %lld x %lld pixels are %.1f GB: too many to have in memory at once.",
            (long long)n, (long long)one->size[0], (long long)one->size[1], bytes / 1e9);
    return err_hint(ev->e,
                    "Train on the table itself, which reads them batch by batch:\n\n"
                    "    train net on photos\n\n"
                    "or take some of them, photos[:100].%.40s, or smaller ones: "
                    "photos.resize(32x32)",
                    c->name);
}

bool image_column(struct eval *ev, const struct column *c, int64_t n_rows, struct value *out) {
    struct shape one = images_shape(c->images);
    struct shape s = shape_of(4, (int64_t[]){n_rows, one.size[0], one.size[1], one.size[2]});
    double bytes = (double)n_rows * (double)one.size[0] * (double)one.size[1] * 3;
    s.axis[0] = intern_c("row");
    s.weak = 1;
    for (int i = 0; i < 3; i++) s.axis[i + 1] = one.axis[i];
    if (bytes > LARGEST_IN_MEMORY) return too_large(ev, c, n_rows, &one, bytes);
    struct tensor *x = tensor_new(DT_UINT8, &s, ev->e);
    bool ok = x != NULL;
    size_t each = ok && n_rows ? (size_t)(x->count / n_rows) : 0;
    for (int64_t i = 0; ok && i < n_rows; i++) {
        struct tensor *p = images_read(c->images, (int64_t)c->numbers[i], true, ev->e);
        if (p) memcpy((char *)x->data + (size_t)i * each, p->data, each);
        tensor_unref(p);
        ok = p && (!*ev->stop || err_set(ev->e, ERR_INTERRUPT, "Stopped."));
    }
    if (!ok) return tensor_unref(x), false;
    x->is_image = true;
    return *out = value_tensor(x), true;
}

struct value image_cell(struct eval *ev, const struct column *c, int64_t row) {
    if (isnan(c->numbers[row])) return value_none();
    struct tensor *picture = images_read(c->images, (int64_t)c->numbers[row], false, ev->e);
    return picture ? value_tensor(picture) : value_missing();
}
