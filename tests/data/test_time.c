/* Dates and clocks: against numbers that Python's datetime gave, and there and back. */
#include "../harness.h"
#include "data/time.h"
#include <math.h>
#include <string.h>

static void reads(const char *text, double expected) {
    double t = -1;
    CHECK(time_read(str_of(text), &t));
    if (t != expected) fprintf(stderr, "%s\n", text);
    CHECK(t == expected);
}

static void refuses(const char *text) {
    double t;
    if (time_read(str_of(text), &t)) fprintf(stderr, "%s\n", text);
    CHECK(!time_read(str_of(text), &t));
}

static void test_reading(void) {
    reads("1970-01-01", 0), reads("2019-03-01", 1551398400), reads("2019/03/01", 1551398400);
    reads("2000-02-29 12:30", 951827400), reads("2019-03-01T23:59:59.5", 1551484799.5);
    reads("2019-03-01T00:30:00+01:00", 1551396600), reads("2019-03-01T00:30:00Z", 1551400200);
    reads("1900-01-01", -2208988800), reads("2019-3-1 7:05", 1551423900),
        reads("0001-01-01", -62135596800);
    refuses("2019"), refuses("2019-03"), refuses("2019-13-01"), refuses("2019-02-29");
    refuses("2019-03-01 25:00"), refuses("2019-03-01 12"), refuses("2019-03-01x"), refuses("");
    refuses("2019-03/01"), refuses("20190301"), refuses("2019-03-01 12:00:60"),
        refuses("2019-00-10");
}

static void by(const char *text, const char *format, double expected) {
    double t = -1;
    CHECK(time_read_by(str_of(text), format, &t));
    CHECK(t == expected);
}

static void test_formats(void) {
    double t;
    by("01.03.2019", "%d.%m.%Y", 1551398400),
        by("Mar 1, 2019 2:05 PM", "%b %d, %Y %I:%M %p", 1551449100);
    by("March 1, 19", "%B %d, %y", 1551398400), by("2019-060", "%Y-%j", 1551398400);
    by("12:00:00.25", "%H:%M:%S.%f", 43200.25), by("12 AM", "%I %p", 0);
    CHECK(!time_read_by(STR("1.3.2019x"), "%d.%m.%Y", &t) &&
          !time_read_by(STR("31.02.2019"), "%d.%m.%Y", &t));
    struct text out = {0};
    time_write_by(1551449100, "%A %d %B %Y %H:%M %p %j %a %b %%", &out);
    CHECK_STR(out.p, "Friday 01 March 2019 14:05 PM 060 Fri Mar %");
    text_clear(&out);
}

static void test_there_and_back(void) {
    int wrong = 0;
    for (double t = -70000000000; t < 100000000000; t += 86399 * 37) {
        struct time_parts p = time_parts(t);
        double back = time_of(p.year, p.month, p.day, p.hour, p.minute, p.second);
        double next = time_of(p.year, p.month, p.day + 1, 0, 0, 0);
        wrong += back != t || time_parts(next).weekday != (p.weekday + 1) % 7 ||
                 p.day_of_year < 1 || p.day_of_year > 366;
    }
    CHECK_EQ(wrong, 0);
}

static void floors(const char *to, const char *expected) {
    enum time_unit unit;
    struct text out = {0};
    CHECK(time_unit_of(str_of(to), &unit));
    time_write(time_floor(1551449106.75, unit), true, &out);
    CHECK_STR(out.p, expected);
    text_clear(&out);
}

static void test_units(void) {
    floors("second", "2019-03-01 14:05:06"), floors("minute", "2019-03-01 14:05");
    floors("hours", "2019-03-01 14:00"), floors("day", "2019-03-01 00:00");
    floors("week", "2019-02-25 00:00"), floors("month", "2019-03-01 00:00");
    floors("quarter", "2019-01-01 00:00"), floors("years", "2019-01-01 00:00");
    enum time_unit unit;
    CHECK(!time_unit_of(STR("fortnight"), &unit));
    double end = time_of(2019, 1, 31, 6, 0, 0);
    CHECK(time_add(end, 1, TIME_MONTH) == time_of(2019, 2, 28, 6, 0, 0));
    CHECK(time_add(end, -11, TIME_MONTH) == time_of(2018, 2, 28, 6, 0, 0));
    CHECK(time_add(end, 1, TIME_YEAR) == time_of(2020, 1, 31, 6, 0, 0));
    CHECK(time_add(end, 2, TIME_WEEK) == end + 14 * 86400);
    CHECK(isnan(time_add(end, 1e300, TIME_MONTH)) && isnan(time_floor(NAN, TIME_DAY)));
}

TEST_MAIN(test_reading, test_formats, test_there_and_back, test_units)
