/* Contour lines: where they run, what closes, saddles, and cells without numbers. */
#include "display/contour_lines.h"
#include "tests/harness.h"

enum { SIDE = 21 };
static double heights[SIDE * SIDE], room[4 * SIDE * SIDE + 4];
static uint8_t seen[2 * SIDE * SIDE];

struct found {
    int lines, closed;
    long points;
    double worst; /* distance from a circle of radius 6 around (10, 10) */
};

static void note(void *user, const double *points, int64_t n) {
    struct found *f = user;
    f->lines++;
    f->points += n;
    bool same = points[0] == points[2 * n - 2] && points[1] == points[2 * n - 1];
    f->closed += n > 2 && same;
    for (int64_t i = 0; i < n; i++)
        f->worst = fmax(f->worst, fabs(hypot(points[2 * i] - 10, points[2 * i + 1] - 10) - 6));
}

static struct found lines_of(int64_t rows, int64_t columns, double level) {
    struct found f = {0};
    struct contour_grid g = {rows, columns, heights, seen, room};
    contour_lines(&g, level, note, &f);
    return f;
}

static void set(double (*f)(double x, double y)) {
    for (int i = 0; i < SIDE * SIDE; i++) heights[i] = f(i % SIDE, (double)(i / SIDE));
}

static double distance(double x, double y) {
    return hypot(x - 10, y - 10);
}
static double slope(double x, double y) {
    return x + 0 * y;
}

static void one_circle(void) {
    set(distance);
    struct found f = lines_of(SIDE, SIDE, 6);
    CHECK_EQ(f.lines, 1);
    CHECK_EQ(f.closed, 1);
    CHECK(f.worst < 0.05);
    CHECK_EQ(lines_of(SIDE, SIDE, 50).lines, 0);
}

static void ends_at_the_border(void) {
    set(slope);
    struct found f = lines_of(SIDE, SIDE, 4.5);
    CHECK_EQ(f.lines, 1);
    CHECK_EQ(f.closed, 0);
    CHECK_EQ(f.points, SIDE); /* from the upper to the lower border: a crossing in each row */
    set(distance);
    f = lines_of(SIDE, SIDE, 12); /* a circle that the four borders cut */
    CHECK_EQ(f.lines, 4);
    CHECK_EQ(f.closed, 0);
}

static void around_a_hole(void) {
    set(distance);
    heights[10 * SIDE + 16] = NAN; /* on the circle */
    struct found f = lines_of(SIDE, SIDE, 6);
    CHECK_EQ(f.lines, 1);
    CHECK_EQ(f.closed, 0);
    set(distance);
    for (int i = 0; i < SIDE * SIDE; i++) heights[i] = NAN;
    CHECK_EQ(lines_of(SIDE, SIDE, 6).lines, 0);
}

static void saddles(void) {
    const double low[] = {1, 0, 0, 1}, high[] = {1, 0.2, 0.2, 1}; /* mean below and above 0.55 */
    memcpy(heights, low, sizeof low);
    CHECK_EQ(lines_of(2, 2, 0.55).lines, 2);
    memcpy(heights, high, sizeof high);
    CHECK_EQ(lines_of(2, 2, 0.55).lines, 2);
    const double huge[] = {1e308, -1e308, -1e308, 1e308};
    memcpy(heights, huge, sizeof huge);
    CHECK_EQ(lines_of(2, 2, 0).lines, 2);
}

TEST_MAIN(one_circle, ends_at_the_border, around_a_hole, saddles)
