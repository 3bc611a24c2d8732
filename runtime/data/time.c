/* Dates and clocks: arithmetic, reading and writing. */
#include "time.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01; months count from March, so that the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    year += floor_div(month - 1, 12);
    month = month - 1 - floor_div(month - 1, 12) * 12 + 1;
    year -= month <= 2;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static void date_of(int64_t days, int64_t *year, int *month, int *day) {
    days += 719468;
    int64_t era = floor_div(days, 146097), d = days - era * 146097;
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t of_year = d - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

double time_of(int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute,
               double second) {
    return (double)days_of(year, month, day) * DAY + (double)(hour * HOUR + minute * MINUTE) +
           second;
}

struct time_parts time_parts(double t) {
    struct time_parts p = {0};
    double most = 1e15, days = floor((t > most ? most : t < -most ? -most : t) / DAY);
    double rest = (t > most || t < -most) ? 0 : t - days * DAY;
    date_of((int64_t)days, &p.year, &p.month, &p.day);
    p.hour = (int)(rest / HOUR);
    p.minute = (int)((rest - p.hour * (double)HOUR) / MINUTE);
    p.second = rest - p.hour * (double)HOUR - p.minute * (double)MINUTE;
    int64_t weekday = ((int64_t)days + 3) % 7; /* 1970-01-01 was a Thursday */
    p.weekday = (int)(weekday < 0 ? weekday + 7 : weekday);
    p.day_of_year = (int)((int64_t)days - days_of(p.year, 1, 1) + 1);
    return p;
}

static int days_in(int64_t year, int64_t month) {
    return (int)(days_of(year, month + 1, 1) - days_of(year, month, 1));
}

/* ---- reading ---- */

/* Between `least` and `most` digits as a number. */
static bool read_digits(struct str *s, int least, int most, int64_t *value) {
    int n = 0;
    *value = 0;
    while (n < most && s->n && s->p[0] >= '0' && s->p[0] <= '9') {
        *value = *value * 10 + (s->p[0] - '0');
        s->p++, s->n--, n++;
    }
    return n >= least;
}

static bool read_char(struct str *s, char c) {
    if (s->n == 0 || s->p[0] != c) return false;
    s->p++, s->n--;
    return true;
}

static bool read_second(struct str *s, double *second) {
    int64_t whole;
    if (!read_digits(s, 2, 2, &whole)) return false;
    *second = (double)whole;
    if (!read_char(s, '.') && !read_char(s, ',')) return true;
    double part = 0.1;
    bool any = false;
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, part /= 10, any = true)
        *second += part * (s->p[0] - '0');
    return any;
}

static bool read_clock(struct str *s, int64_t *hour, int64_t *minute, double *second) {
    if (!read_digits(s, 1, 2, hour) || !read_char(s, ':') || !read_digits(s, 2, 2, minute))
        return false;
    if (read_char(s, ':') && !read_second(s, second)) return false;
    return *hour < 24 && *minute < 60 && *second < 60;
}

/* "Z", "+01:00", "-0530": seconds ahead of universal time. */
static bool read_zone(struct str *s, double *ahead) {
    int64_t hour, minute = 0;
    if (read_char(s, 'Z')) return true;
    bool minus = s->n && s->p[0] == '-';
    if (!read_char(s, '+') && !read_char(s, '-')) return true;
    if (!read_digits(s, 2, 2, &hour)) return false;
    read_char(s, ':');
    if (s->n && !read_digits(s, 2, 2, &minute)) return false;
    *ahead = (double)(hour * HOUR + minute * MINUTE) * (minus ? -1 : 1);
    return true;
}

static bool is_date(int64_t year, int64_t month, int64_t day) {
    return month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= days_in(year, month));
}

/* Two digits, or 100 if they are none. */
static unsigned two_digits(const char *p) {
    unsigned tens = (unsigned char)p[0] - (unsigned)'0', ones = (unsigned char)p[1] - (unsigned)'0';
    return tens < 10 && ones < 10 ? tens * 10 + ones : 100;
}

/* The forms that files have most, "2019-03-01" and "2019-03-01 12:30:05". False: perhaps another.
 */
static bool read_usual(struct str s, double *t) {
    if (s.n != 10 && s.n != 19) return false;
    unsigned century = two_digits(s.p), year = two_digits(s.p + 2), month = two_digits(s.p + 5);
    unsigned day = two_digits(s.p + 8), hour = 0, minute = 0, second = 0;
    bool date = s.p[4] == '-' && s.p[7] == '-' && century < 100 && year < 100;
    if (!date || !is_date(century * 100 + year, month, day)) return false;
    if (s.n == 19) {
        hour = two_digits(s.p + 11), minute = two_digits(s.p + 14), second = two_digits(s.p + 17);
        bool marks = (s.p[10] == ' ' || s.p[10] == 'T') && s.p[13] == ':' && s.p[16] == ':';
        if (!marks || hour > 23 || minute > 59 || second > 59) return false;
    }
    *t = (double)(days_of(century * 100 + year, month, day) * DAY + hour * HOUR + minute * MINUTE +
                  second);
    return true;
}

bool time_read(struct str s, double *t) {
    if (read_usual(s, t)) return true;
    int64_t year, month, day, hour = 0, minute = 0;
    double second = 0, ahead = 0;
    while (s.n && s.p[0] == ' ') s.p++, s.n--;
    while (s.n && s.p[s.n - 1] == ' ') s.n--;
    if (s.n < 8 || !read_digits(&s, 4, 4, &year)) return false;
    char between = s.n ? s.p[0] : 0;
    if (between != '-' && between != '/') return false;
    if (!read_char(&s, between) || !read_digits(&s, 1, 2, &month) || !read_char(&s, between) ||
        !read_digits(&s, 1, 2, &day) || !is_date(year, month, day))
        return false;
    if (s.n && !read_char(&s, 'T') && !read_char(&s, ' ')) return false;
    if (s.n && (!read_clock(&s, &hour, &minute, &second) || !read_zone(&s, &ahead) || s.n))
        return false;
    *t = time_of(year, month, day, hour, minute, second) - ahead;
    return true;
}

/* A month's name, whole or its first three letters: 1 … 12, or 0. */
static int read_month_name(struct str *s) {
    for (int i = 0; i < 12; i++) {
        size_t n = strlen(months[i]);
        size_t take = s->n >= n && strncasecmp(s->p, months[i], n) == 0   ? n
                      : s->n >= 3 && strncasecmp(s->p, months[i], 3) == 0 ? 3
                                                                          : 0;
        if (take == 0) continue;
        s->p += take, s->n -= take;
        return i + 1;
    }
    return 0;
}

struct reading {
    int64_t year, month, day, hour, minute, day_of_year;
    double second;
    bool afternoon, half_day;
};

static bool read_half(struct str *s, struct reading *r) {
    if (s->n < 2 || (s->p[1] | 32) != 'm') return false;
    char half = (char)(s->p[0] | 32);
    r->afternoon = half == 'p';
    s->p += 2, s->n -= 2;
    return half == 'a' || half == 'p';
}

static bool read_fraction(struct str *s, struct reading *r) {
    double part = 0.1;
    bool any = false;
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, part /= 10, any = true)
        r->second += part * (s->p[0] - '0');
    return any;
}

static bool read_code(char code, struct str *s, struct reading *r) {
    int64_t n;
    switch (code) {
    case 'Y': return read_digits(s, 1, 4, &r->year);
    case 'y':
        if (!read_digits(s, 2, 2, &n)) return false;
        r->year = n + (n < 69 ? 2000 : 1900);
        return true;
    case 'm': return read_digits(s, 1, 2, &r->month);
    case 'd': return read_digits(s, 1, 2, &r->day);
    case 'j': return read_digits(s, 1, 3, &r->day_of_year);
    case 'H': return read_digits(s, 1, 2, &r->hour) && r->hour < 24;
    case 'I':
        r->half_day = true;
        return read_digits(s, 1, 2, &r->hour) && r->hour >= 1 && r->hour <= 12;
    case 'M': return read_digits(s, 1, 2, &r->minute) && r->minute < 60;
    case 'S':
        if (!read_digits(s, 1, 2, &n) || n > 59) return false;
        r->second += (double)n;
        return true;
    case 'f': return read_fraction(s, r);
    case 'p': return read_half(s, r);
    case 'b':
    case 'B': return (r->month = read_month_name(s)) > 0;
    case '%': return read_char(s, '%');
    default: return false;
    }
}

bool time_read_by(struct str s, const char *format, double *t) {
    struct reading r = {.year = 1970, .month = 1, .day = 1};
    for (const char *f = format; *f; f++) {
        bool code = *f == '%' && f[1];
        if (code ? !read_code(*++f, &s, &r) : !read_char(&s, *f)) return false;
    }
    if (s.n || !is_date(r.year, r.month, r.day)) return false;
    if (r.half_day) r.hour = r.hour % 12 + (r.afternoon ? 12 : 0);
    if (r.day_of_year) r.month = 1, r.day = r.day_of_year;
    *t = time_of(r.year, r.month, r.day, r.hour, r.minute, r.second);
    return true;
}

/* ---- writing ---- */

static void write_code(char code, const struct time_parts *p, struct text *out) {
    int twelve = p->hour % 12 ? p->hour % 12 : 12;
    switch (code) {
    case 'Y': text_addf(out, "%04lld", (long long)p->year); break;
    case 'y': text_addf(out, "%02lld", (long long)(p->year % 100)); break;
    case 'm': text_addf(out, "%02d", p->month); break;
    case 'd': text_addf(out, "%02d", p->day); break;
    case 'j': text_addf(out, "%03d", p->day_of_year); break;
    case 'H': text_addf(out, "%02d", p->hour); break;
    case 'I': text_addf(out, "%02d", twelve); break;
    case 'M': text_addf(out, "%02d", p->minute); break;
    case 'S': text_addf(out, "%02d", (int)p->second); break;
    case 'f': text_addf(out, "%06d", (int)((p->second - floor(p->second)) * 1e6 + 0.5)); break;
    case 'p': text_adds(out, p->hour < 12 ? "AM" : "PM"); break;
    case 'b': text_addf(out, "%.3s", months[p->month - 1]); break;
    case 'B': text_adds(out, months[p->month - 1]); break;
    case 'a': text_addf(out, "%.3s", weekdays[p->weekday]); break;
    case 'A': text_adds(out, weekdays[p->weekday]); break;
    default: text_addc(out, code); break;
    }
}

void time_write_by(double t, const char *format, struct text *out) {
    struct time_parts p = time_parts(t);
    for (const char *f = format; *f; f++) {
        if (*f == '%' && f[1]) write_code(*++f, &p, out);
        else text_addc(out, *f);
    }
}

void time_write(double t, bool clock, struct text *out) {
    if (!isfinite(t)) {
        text_adds(out, "missing");
        return;
    }
    time_write_by(t, clock ? "%Y-%m-%d %H:%M" : "%Y-%m-%d", out);
    double second = time_parts(t).second;
    if (!clock || second == 0) return;
    if (second == floor(second)) text_addf(out, ":%02d", (int)second);
    else text_addf(out, ":%06.3f", second);
}

/* ---- units ---- */

bool time_unit_of(struct str word, enum time_unit *unit) {
    static const char *const words[TIME_N_UNITS] = {"second", "minute", "hour",    "day",
                                                    "week",   "month",  "quarter", "year"};
    if (word.n && word.p[word.n - 1] == 's') word.n--;
    for (int i = 0; i < TIME_N_UNITS; i++) {
        if (str_is(word, words[i])) return *unit = (enum time_unit)i, true;
    }
    return false;
}

static const int seconds_in[] = {[TIME_SECOND] = 1,
                                 [TIME_MINUTE] = MINUTE,
                                 [TIME_HOUR] = HOUR,
                                 [TIME_DAY] = DAY,
                                 [TIME_WEEK] = 7 * DAY};

double time_floor(double t, enum time_unit unit) {
    if (!isfinite(t)) return t;
    if (unit < TIME_WEEK) return floor(t / seconds_in[unit]) * seconds_in[unit];
    struct time_parts p = time_parts(t);
    if (unit == TIME_WEEK) return floor(t / DAY) * DAY - (double)p.weekday * DAY;
    if (unit == TIME_MONTH) return time_of(p.year, p.month, 1, 0, 0, 0);
    if (unit == TIME_QUARTER) return time_of(p.year, (p.month - 1) / 3 * 3 + 1, 1, 0, 0, 0);
    return time_of(p.year, 1, 1, 0, 0, 0);
}

double time_add(double t, double amount, enum time_unit unit) {
    if (unit <= TIME_WEEK || !isfinite(t)) return t + amount * seconds_in[unit];
    struct time_parts p = time_parts(t);
    if (!(fabs(amount) < 1e9)) return NAN;
    int64_t each = unit == TIME_MONTH ? 1 : unit == TIME_QUARTER ? 3 : 12;
    int64_t month = p.month + (int64_t)amount * each;
    int most = days_in(p.year, month);
    double clock = t - floor(t / DAY) * DAY;
    return time_of(p.year, month, p.day < most ? p.day : most, 0, 0, 0) + clock;
}
