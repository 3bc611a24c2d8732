/* Plots and figures for the display tests. */
#include "samples.h"
#include "base/hash.h"
#include "base/pool.h"
#include <math.h>
#include <string.h>

static struct err err;

struct tensor *sample_vector(int64_t n, double (*f)(double i)) {
    struct shape s = shape_of(1, &n);
    struct tensor *t = tensor_new(DT_FLOAT64, &s, &err);
    for (int64_t i = 0; i < n; i++) tensor_set(t, i, f((double)i));
    return t;
}

double sample_noise(double i) {
    return (double)(hash_mix((uint64_t)(int64_t)i) >> 11) * 0x1p-53;
}

/* About normal: the sum of twelve uniform numbers. */
static double gauss(double i) {
    double sum = -6;
    for (int k = 0; k < 12; k++) sum += sample_noise(i * 12 + k);
    return sum;
}

static struct tensor *matrix(int64_t rows, int64_t columns,
                             double (*f)(double row, double column)) {
    struct shape s = shape_of(2, (int64_t[]){rows, columns});
    struct tensor *t = tensor_new(DT_FLOAT64, &s, &err);
    for (int64_t i = 0; i < t->count; i++)
        tensor_set(t, i, f((double)(i / columns), (double)(i % columns)));
    return t;
}

static struct plot *with(struct plot *p, struct mark m) {
    if (m.opacity == 0) m.opacity = 1;
    plot_add(p, &m, &err);
    return p;
}

static double grid_x(double i) {
    return -5 + 10 * i / 9999;
}
static double sigmoid(double i) {
    return 1 / (1 + exp(-grid_x(i)));
}
static double slope(double i) {
    return sigmoid(i) * (1 - sigmoid(i));
}

static struct plot *activation(void) {
    struct plot *p = plot_new(&err);
    p->title = "Logistic function";
    p->x_label = "x";
    p->grid = true;
    p->width = 10;
    p->height = 5;
    with(p, (struct mark){.kind = MARK_LINE,
                          .x = sample_vector(10000, grid_x),
                          .y = sample_vector(10000, sigmoid),
                          .label = "f(x)"});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(10000, grid_x),
                                 .y = sample_vector(10000, slope),
                                 .label = "df/dx"});
}

static double index_of(double i) {
    return i;
}
static double epoch_of(double i) {
    return i + 1;
}
static double loss(double i) {
    return 0.011 + 0.03 * exp(-i / 3);
}
static double val_loss(double i) {
    return 0.0115 + 0.028 * exp(-i / 2.5) + 0.0006 * sample_noise(i);
}

static struct plot *learning_curve(void) {
    struct plot *p = plot_new(&err);
    p->x_label = "epoch";
    p->y_label = "loss";
    with(p, (struct mark){.kind = MARK_LINE,
                          .x = sample_vector(20, epoch_of),
                          .y = sample_vector(20, loss),
                          .label = "loss",
                          .marker = "o"});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(20, epoch_of),
                                 .y = sample_vector(20, val_loss),
                                 .label = "val_loss",
                                 .marker = "o",
                                 .dashed = true});
}

static double walk(double i) {
    return sin(i / 700) * 3 + gauss(i) * 0.3;
}
static double gap(double i) {
    return fmod(i, 10) > 7 ? NAN : cos(i / 5);
}
static double stairs(double i) {
    return floor(i / 8) * 0.25 - 1;
}

static struct plot *noisy_line(void) {
    struct plot *p = plot_new(&err);
    p->title = "Ten thousand noisy numbers";
    p->grid = true;
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(10000, index_of),
                                 .y = sample_vector(10000, walk)});
}

static struct plot *gaps_and_steps(void) {
    struct plot *p = plot_new(&err);
    p->title = "Missing values & steps <here>";
    with(p, (struct mark){.kind = MARK_LINE,
                          .x = sample_vector(60, index_of),
                          .y = sample_vector(60, gap),
                          .label = "with gaps"});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(60, index_of),
                                 .y = sample_vector(60, stairs),
                                 .label = "steps",
                                 .step = true,
                                 .color = "crimson"});
}

static double power(double i) {
    return pow(10, -6 + 6 * sample_noise(i + 900));
}
static double valley(double i) {
    double l = log10(power(i)) + 2.5;
    return 0.02 + 0.02 * l * l + 0.01 * sample_noise(i);
}
static double width_of(double i) {
    return 8 * pow(2, floor(sample_noise(i + 77) * 5));
}

static struct plot *search(void) {
    struct plot *p = plot_new(&err);
    p->x_label = "lr";
    p->y_label = "val_loss";
    p->log_x = p->log_y = true;
    p->legend_title = "hidden";
    return with(p, (struct mark){.kind = MARK_SCATTER,
                                 .x = sample_vector(60, power),
                                 .y = sample_vector(60, valley),
                                 .color_by = sample_vector(60, width_of)});
}

static double cloud_x(double i) {
    return gauss(i);
}
static double cloud_y(double i) {
    return gauss(i + 50000) * 0.5 + cloud_x(i) * 0.6;
}
static double doubt(double i) {
    return exp(-cloud_x(i) * cloud_x(i));
}

static struct plot *cloud(void) {
    struct plot *p = plot_new(&err);
    p->title = "Where the network doubts";
    p->x_label = "x1";
    p->y_label = "x2";
    p->legend_title = "doubt";
    return with(p, (struct mark){.kind = MARK_SCATTER,
                                 .x = sample_vector(2000, cloud_x),
                                 .y = sample_vector(2000, cloud_y),
                                 .color_by = sample_vector(2000, doubt)});
}

static struct plot *see_through(void) {
    struct plot *p = plot_new(&err);
    static const char *const markers[] = {"o", "s", "^", "v", "d", "x", "+", "."};
    for (int k = 0; k < 8; k++) {
        struct mark m = {.kind = MARK_SCATTER,
                         .x = sample_vector(12, index_of),
                         .y = sample_vector(12, sample_noise),
                         .marker = markers[k],
                         .label = markers[k],
                         .size = 8,
                         .opacity = k == 0 ? 0.4 : 1};
        for (int i = 0; i < 12; i++) tensor_set(m.y, i, k + 0.5 * tensor_get(m.y, i));
        with(p, m);
    }
    return p;
}

static double height_of(double i) {
    return 3 + 2 * sin(i * 2.1) - 0.5 * i;
}

static struct plot *bars(void) {
    static const char *const names[] = {"single",   "bagging",  "forest",
                                        "boosting", "stacking", "a very long name"};
    struct plot *p = plot_new(&err);
    p->title = "Two bars each";
    p->y_label = "score";
    with(p, (struct mark){.kind = MARK_BAR,
                          .y = sample_vector(6, height_of),
                          .names = names,
                          .n_names = ARRAY_LEN(names),
                          .label = "train"});
    return with(p, (struct mark){.kind = MARK_BAR,
                                 .y = sample_vector(6, sample_noise),
                                 .names = names,
                                 .n_names = ARRAY_LEN(names),
                                 .label = "test"});
}

static double shifted(double i) {
    return gauss(i + 9999) * 0.7 + 1.5;
}

static struct plot *hists(void) {
    struct plot *p = plot_new(&err);
    p->title = "Glorot and He draws";
    with(p, (struct mark){.kind = MARK_HIST,
                          .x = sample_vector(12000, gauss),
                          .label = "He",
                          .density = true,
                          .bins = 40});
    return with(p, (struct mark){.kind = MARK_HIST,
                                 .x = sample_vector(8000, shifted),
                                 .label = "Glorot",
                                 .density = true,
                                 .bins = 40});
}

static double hour(double i) {
    return i;
}
static double kelvin(double i) {
    return 280 + 6 * sin((i - 8) / 24 * 2 * M_PI);
}
static double kelvin_low(double i) {
    return kelvin(i) - 1 - 0.1 * i;
}
static double kelvin_high(double i) {
    return kelvin(i) + 1 + 0.12 * i;
}
static double happened(double i) {
    return kelvin(i) + 2 * (sample_noise(i) - 0.4);
}

static struct plot *fan(void) {
    struct plot *p = plot_new(&err);
    p->title = "Tomorrow's temperature with an 80% band";
    p->x_label = "hour";
    p->y_label = "kelvin";
    with(p, (struct mark){.kind = MARK_BAND,
                          .x = sample_vector(24, hour),
                          .y = sample_vector(24, kelvin_low),
                          .z = sample_vector(24, kelvin_high),
                          .label = "10% to 90%"});
    with(p, (struct mark){.kind = MARK_LINE,
                          .x = sample_vector(24, hour),
                          .y = sample_vector(24, kelvin),
                          .label = "median"});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(24, hour),
                                 .y = sample_vector(24, happened),
                                 .label = "what happened",
                                 .color = "black"});
}

static double confusion(double r, double c) {
    return r == c ? 800 + 20 * r : floor(30 * sample_noise(r * 10 + c));
}
static double correlation(double r, double c) {
    return r == c ? 1 : 2 * sample_noise(fmin(r, c) * 10 + fmax(r, c)) - 1;
}

static struct plot *confusions(void) {
    static const char *const names[] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                        "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
    struct plot *p = plot_new(&err);
    p->title = "Confusion matrix";
    p->x_label = "predicted";
    p->y_label = "actual";
    return with(p, (struct mark){.kind = MARK_HEATMAP,
                                 .z = matrix(10, 10, confusion),
                                 .annotate = true,
                                 .names = names,
                                 .n_names = ARRAY_LEN(names),
                                 .colormap = "Blues"});
}

static struct plot *correlations(void) {
    struct plot *p = plot_new(&err);
    p->title = "Correlation of members";
    struct tensor *z = matrix(7, 7, correlation);
    tensor_set(z, 12, NAN);
    return with(p,
                (struct mark){.kind = MARK_HEATMAP, .z = z, .annotate = true, .has_center = true});
}

static double bowl(double r, double c) {
    double x = -1 + 5 * c / 59, y = -3 + 6 * r / 59;
    return (x - 1) * (x - 1) + 10 * y * y;
}
static double bumpy(double r, double c) {
    double x = -15 + 30 * c / 99, y = -15 + 30 * r / 99;
    return 3 * sin(x) + sin(y) * sin(y);
}
static double path_x(double i) {
    return 1 + 2 * pow(0.9, i);
}
static double path_y(double i) {
    return 2 * pow(-0.6, i);
}

static struct plot *contours(void) {
    struct plot *p = plot_new(&err);
    p->title = "Gradient descent in a bowl";
    with(p, (struct mark){.kind = MARK_CONTOUR,
                          .z = matrix(60, 60, bowl),
                          .has_extent = true,
                          .extent = {-1, 4, -3, 3}});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(25, path_x),
                                 .y = sample_vector(25, path_y),
                                 .marker = "o",
                                 .label = "path",
                                 .color = "crimson"});
}

static struct plot *areas(void) {
    struct plot *p = plot_new(&err);
    p->title = "The bumpy surface";
    return with(p, (struct mark){.kind = MARK_CONTOUR,
                                 .z = matrix(100, 100, bumpy),
                                 .filled = true,
                                 .has_extent = true,
                                 .extent = {-15, 15, -15, 15}});
}

static double bump_x(double i) {
    return -9 + 4 * (1 - exp(-i / 9)) + 0.1 * i;
}
static double bump_y(double i) {
    return 7 - 0.3 * i + sin(i / 3);
}

static struct plot *surface(void) {
    struct plot *p = plot_new(&err);
    p->title = "Momentum on the bumpy surface";
    with(p, (struct mark){.kind = MARK_HEATMAP,
                          .z = matrix(100, 100, bumpy),
                          .has_extent = true,
                          .extent = {-15, 15, -15, 15},
                          .colormap = "Greens_r"});
    return with(p, (struct mark){.kind = MARK_SCATTER,
                                 .x = sample_vector(40, bump_x),
                                 .y = sample_vector(40, bump_y),
                                 .color = "red",
                                 .label = "path",
                                 .size = 3});
}

/* A ring, as a picture of h x w pixels. */
static double ring(double r, double c) {
    double d = hypot(r - 13.5, c - 13.5);
    return exp(-(d - 8) * (d - 8) / 4);
}
static double noisy_ring(double r, double c) {
    return fmax(0, fmin(1, ring(r, c) + 0.2 * gauss(r * 28 + c)));
}

static struct plot *picture(void) {
    struct plot *p = plot_new(&err);
    p->title = "label 2";
    return with(p, (struct mark){
                       .kind = MARK_IMAGE, .z = matrix(28, 28, noisy_ring), .colormap = "gray_r"});
}

static struct tensor *batch(int64_t n, double (*f)(double, double)) {
    struct shape s = shape_of(3, (int64_t[]){n, 28, 28});
    struct tensor *t = tensor_new(DT_FLOAT32, &s, &err);
    for (int64_t i = 0; i < t->count; i++) {
        double row = (double)(i % 784 / 28), column = (double)(i % 28), k = (double)(i / 784);
        tensor_set(t, i, f(row + k - 3, column * (1 + 0.05 * k)));
    }
    return t;
}

static struct figure *denoised(void) {
    struct tensor *rows[] = {batch(8, noisy_ring), batch(8, ring)};
    const char *labels[] = {"noisy", "denoised"};
    struct figure *f = figure_gallery(rows, 2, labels, 2, NULL, &err);
    tensor_unref(rows[0]);
    tensor_unref(rows[1]);
    return f;
}

static double wave_a(double r, double c) {
    return 127.5 + 127.5 * sin(c / 9 + r / 30);
}

static struct figure *color_pictures(void) {
    struct shape s = shape_of(4, (int64_t[]){3, 40, 60, 3});
    struct tensor *t = tensor_new(DT_UINT8, &s, &err);
    for (int64_t i = 0; i < t->count; i++)
        tensor_set(t, i, wave_a((double)(i / 180), (double)(i % 180 / 3) + 13 * (double)(i % 3)));
    struct figure *f = figure_gallery(&t, 1, NULL, 0, "after epoch 3", &err);
    tensor_unref(t);
    return f;
}

static double theta(double i) {
    return -5 + 10 * i / 999;
}
static double l1(double i) {
    return fabs(theta(i));
}
static double l2(double i) {
    return theta(i) * theta(i) / 2;
}
static double d1(double i) {
    return theta(i) < 0 ? -1 : 1;
}

static struct plot *penalty(const char *title, double (*a)(double), double (*b)(double)) {
    struct plot *p = plot_new(&err);
    p->title = title;
    p->x_label = "weight";
    p->grid = true;
    with(p, (struct mark){.kind = MARK_LINE,
                          .x = sample_vector(1000, theta),
                          .y = sample_vector(1000, a),
                          .label = "L1"});
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(1000, theta),
                                 .y = sample_vector(1000, b),
                                 .label = "L2"});
}

static struct figure *side_by_side(void) {
    struct figure *f = figure_new(2, 2, &err);
    f->title = "Regularisation";
    f->plots[0] = penalty("loss", l1, l2);
    f->plots[1] = penalty("gradient", d1, theta);
    return f;
}

static double rate(double i) {
    return 1e-3 * (0.9 * 0.5 * (1 + cos(M_PI * fmin(i, 50) / 50)) + 0.1);
}
static double far(double i) {
    return 1e9 + 3e8 * sin(i / 9);
}
static double alike(double i) {
    return 100000.0 + 0.001 * sin(i / 9);
}

static struct plot *small_numbers(void) {
    struct plot *p = plot_new(&err);
    p->title = "Cosine decay";
    return with(p, (struct mark){.kind = MARK_LINE,
                                 .x = sample_vector(100, index_of),
                                 .y = sample_vector(100, rate)});
}

static struct figure *odd_numbers(void) {
    struct figure *f = figure_new(4, 2, &err);
    for (int k = 0; k < 4; k++) f->plots[k] = plot_new(&err);
    with(f->plots[0], (struct mark){.kind = MARK_LINE,
                                    .x = sample_vector(100, index_of),
                                    .y = sample_vector(100, far)});
    with(f->plots[1], (struct mark){.kind = MARK_LINE,
                                    .x = sample_vector(100, far),
                                    .y = sample_vector(100, alike)});
    f->plots[1]->x_label = "time";
    with(f->plots[2], (struct mark){.kind = MARK_LINE,
                                    .x = sample_vector(1, index_of),
                                    .y = sample_vector(1, rate),
                                    .marker = "o"});
    f->plots[2]->title = "one point, and a title that is much too long for the room it has above";
    f->plots[3]->title = "empty";
    return f;
}

static struct plot *many_lines(void) {
    struct plot *p = plot_new(&err);
    p->title = "Learning curves by learning rate exponent";
    p->legend_title = "exponent";
    for (int k = 0; k < 20; k++) {
        struct mark m = {.kind = MARK_LINE,
                         .x = sample_vector(20, epoch_of),
                         .y = sample_vector(20, loss),
                         .color_by = sample_vector(1, index_of),
                         .colormap = "RdYlGn"};
        tensor_set(m.color_by, 0, -6 + k * 0.35);
        for (int i = 0; i < 20; i++) tensor_set(m.y, i, pow(tensor_get(m.y, i), 0.5 + 0.05 * k));
        with(p, m);
    }
    return p;
}

static struct plot *crowded(void) {
    static const char *const names[] = {"one", "two",   "three", "four", "five",
                                        "six", "seven", "eight", "nine", "ten"};
    struct plot *p = plot_new(&err);
    for (int k = 0; k < 10; k++) {
        struct mark m = {.kind = MARK_LINE,
                         .x = sample_vector(60, index_of),
                         .y = sample_vector(60, gap),
                         .label = names[k]};
        for (int i = 0; i < 60; i++) tensor_set(m.y, i, sin((i + 6 * k) / 6.0) * (k + 3));
        with(p, m);
    }
    return p;
}

static const struct {
    const char *name;
    struct plot *(*plot)(void);
    struct figure *(*figure)(void);
} makers[] = {{"activation", activation, NULL},
              {"learning_curve", learning_curve, NULL},
              {"noisy_line", noisy_line, NULL},
              {"gaps_and_steps", gaps_and_steps, NULL},
              {"search", search, NULL},
              {"cloud", cloud, NULL},
              {"markers", see_through, NULL},
              {"bars", bars, NULL},
              {"hists", hists, NULL},
              {"fan", fan, NULL},
              {"confusion", confusions, NULL},
              {"correlation", correlations, NULL},
              {"contours", contours, NULL},
              {"areas", areas, NULL},
              {"surface", surface, NULL},
              {"picture", picture, NULL},
              {"small_numbers", small_numbers, NULL},
              {"many_lines", many_lines, NULL},
              {"crowded", crowded, NULL},
              {"gallery", NULL, denoised},
              {"color_gallery", NULL, color_pictures},
              {"side_by_side", NULL, side_by_side},
              {"odd_numbers", NULL, odd_numbers}};

bool sample_make(int i, struct sample *s) {
    *s = (struct sample){0};
    if (i < 0 || (size_t)i >= ARRAY_LEN(makers)) return false;
    s->name = makers[i].name;
    if (makers[i].plot) s->plot = makers[i].plot();
    else s->figure = makers[i].figure();
    return true;
}

void sample_clear(struct sample *s) {
    plot_unref(s->plot);
    figure_unref(s->figure);
    *s = (struct sample){0};
}
