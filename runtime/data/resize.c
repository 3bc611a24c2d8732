/* Changing the size of pictures: two passes of a filter, along rows and then along columns. */
#include "image.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static double triangle(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys, 1981, with a = -1/2. */
static double cubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) {
    if (x == 0) return 1;
    x *= 3.14159265358979323846;
    return sin(x) / x;
}

static double lanczos(double x) {
    return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
    double (*at)(double x); /* NULL: the nearest pixel */
    double support;
} filters[] = {[RESIZE_NEAREST] = {NULL, 0},
               [RESIZE_BILINEAR] = {triangle, 1},
               [RESIZE_BICUBIC] = {cubic, 2},
               [RESIZE_LANCZOS] = {lanczos, 3}};

/* For each of `to` new positions: the first old one that counts, and `n` weights. */
struct taps {
    int64_t *first, *count;
    float *weights; /* [to][most] */
    int64_t most;
};

static void taps_clear(struct taps *t) {
    pool_free(t->first);
    pool_free(t->weights);
}

static void fill_tap(struct taps *t, int64_t i, int64_t from, double scale, double reach,
                     double stretch, enum resize_method method) {
    double center = ((double)i + 0.5) * scale, sum = 0;
    int64_t begin = (int64_t)(center - reach + 0.5), end = (int64_t)(center + reach + 0.5);
    if (begin < 0) begin = 0;
    if (end > from) end = from;
    if (end - begin > t->most) end = begin + t->most;
    float *w = t->weights + i * t->most;
    for (int64_t k = begin; k < end; k++) {
        double v = filters[method].at(((double)k - center + 0.5) / stretch);
        w[k - begin] = (float)v;
        sum += v;
    }
    for (int64_t k = 0; k < end - begin; k++) w[k] = (float)((double)w[k] / sum);
    t->first[i] = begin;
    t->count[i] = end - begin;
}

static bool taps_make(struct taps *t, int64_t from, int64_t to, enum resize_method method,
                      struct err *e) {
    double scale = (double)from / (double)to, stretch = scale > 1 ? scale : 1;
    double reach = filters[method].support * stretch;
    *t = (struct taps){.most = method == RESIZE_NEAREST ? 1 : (int64_t)ceil(reach) * 2 + 1};
    size_t n = (size_t)to, cells;
    if (__builtin_mul_overflow(n, (size_t)t->most * sizeof(float), &cells))
        return err_memory(e, SIZE_MAX);
    TRY(t->first = pool_need(2 * n * sizeof *t->first, e));
    t->count = t->first + n;
    TRY(t->weights = pool_need(cells, e));
    for (int64_t i = 0; i < to; i++) {
        if (method != RESIZE_NEAREST) {
            fill_tap(t, i, from, scale, reach, stretch, method);
            continue;
        }
        int64_t at = (int64_t)(((double)i + 0.5) * scale);
        t->first[i] = at < from ? at : from - 1;
        t->count[i] = 1;
        t->weights[i] = 1;
    }
    return true;
}

/* One row of `c` channels, narrower or wider. */
static void resize_row(const struct taps *t, int64_t to, int c, const float *from, float *out) {
    for (int64_t i = 0; i < to; i++) {
        const float *w = t->weights + i * t->most, *p = from + t->first[i] * c;
        for (int k = 0; k < c; k++) out[i * c + k] = 0;
        for (int64_t j = 0; j < t->count[i]; j++)
            for (int k = 0; k < c; k++) out[i * c + k] += w[j] * p[j * c + k];
    }
}

/* A row of the result from rows of the middle picture. */
static void mix_rows(const struct taps *t, int64_t i, int64_t width, const float *middle,
                     float *out) {
    const float *w = t->weights + i * t->most;
    memset(out, 0, (size_t)width * sizeof *out);
    for (int64_t j = 0; j < t->count[i]; j++) {
        const float *row = middle + (t->first[i] + j) * width;
        for (int64_t x = 0; x < width; x++) out[x] += w[j] * row[x];
    }
}

static void store_bytes(const float *from, int64_t n, uint8_t *to) {
    for (int64_t i = 0; i < n; i++) {
        float x = from[i] + 0.5F;
        to[i] = x < 0 ? 0 : x > 255 ? 255 : (uint8_t)x;
    }
}

/* Exactly one of from_bytes and from_floats is there, and the same one of `to`. */
struct ends {
    const uint8_t *from_bytes;
    const float *from_floats;
    uint8_t *to_bytes;
    float *to_floats;
};

static void run_passes(const struct resize_job *job, const struct ends *ends,
                       const struct taps *across, const struct taps *down, float *line,
                       float *middle) {
    int64_t width = job->w * job->channels, new_width = job->to_w * job->channels;
    for (int64_t y = 0; y < job->h; y++) {
        const float *row = ends->from_floats ? ends->from_floats + y * width : line;
        for (int64_t x = 0; ends->from_bytes && x < width; x++)
            line[x] = ends->from_bytes[y * width + x];
        resize_row(across, job->to_w, job->channels, row, middle + y * new_width);
    }
    for (int64_t y = 0; y < job->to_h; y++) {
        float *out = ends->to_floats ? ends->to_floats + y * new_width : line;
        mix_rows(down, y, new_width, middle, out);
        if (ends->to_bytes) store_bytes(out, new_width, ends->to_bytes + y * new_width);
    }
}

static bool resize(const struct resize_job *job, const struct ends *ends, struct err *e) {
    struct taps across = {0}, down = {0};
    int64_t wider = (job->w > job->to_w ? job->w : job->to_w) * job->channels;
    size_t cells = (size_t)(job->h * job->to_w) * (size_t)job->channels;
    float *line = pool_need((size_t)wider * sizeof *line + 1, e);
    float *middle = line ? pool_need(cells * sizeof *middle + 1, e) : NULL;
    bool ok = middle && taps_make(&across, job->w, job->to_w, job->method, e) &&
              taps_make(&down, job->h, job->to_h, job->method, e);
    if (ok) run_passes(job, ends, &across, &down, line, middle);
    taps_clear(&across);
    taps_clear(&down);
    pool_free(line);
    pool_free(middle);
    return ok;
}

bool resize_bytes(const struct resize_job *job, const uint8_t *from, uint8_t *to, struct err *e) {
    struct ends ends = {.from_bytes = from, .to_bytes = to};
    if (job->h == job->to_h && job->w == job->to_w) {
        memcpy(to, from, (size_t)(job->h * job->w) * (size_t)job->channels);
        return true;
    }
    return resize(job, &ends, e);
}

bool resize_floats(const struct resize_job *job, const float *from, float *to, struct err *e) {
    struct ends ends = {.from_floats = from, .to_floats = to};
    return resize(job, &ends, e);
}
