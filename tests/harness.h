/* Unit tests in one header: a file lists its tests with TEST_MAIN; each CHECK that fails prints
 * both values and the place. The last line is "N passed, N failed". */
#pragma once
#include <math.h>
#include <stdio.h>
#include <string.h>

static int checks_failed, checks_passed;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (condition) {                                                                           \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #condition);                 \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(found, expected)                                                                  \
    do {                                                                                           \
        long long found_ = (long long)(found), expected_ = (long long)(expected);                  \
        if (found_ == expected_) {                                                                 \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #found,      \
                    found_, expected_);                                                            \
        }                                                                                          \
    } while (0)

#define CHECK_STR(found, expected)                                                                 \
    do {                                                                                           \
        const char *found_ = (found), *expected_ = (expected);                                     \
        if (strcmp(found_, expected_) == 0) {                                                      \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: %s is\n%s\nexpected\n%s\n", __FILE__, __LINE__, #found,        \
                    found_, expected_);                                                            \
        }                                                                                          \
    } while (0)

/* |found - expected| <= tolerance * max(1, |expected|) */
#define CHECK_NEAR(found, expected, tolerance)                                                     \
    do {                                                                                           \
        double found_ = (found), expected_ = (expected);                                           \
        double scale_ = fabs(expected_) > 1 ? fabs(expected_) : 1;                                 \
        if (fabs(found_ - expected_) <= (tolerance)*scale_) {                                      \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            fprintf(stderr, "%s:%d: %s is %.17g, expected %.17g\n", __FILE__, __LINE__, #found,    \
                    found_, expected_);                                                            \
        }                                                                                          \
    } while (0)

#define TEST_MAIN(...)                                                                             \
    int main(void) {                                                                               \
        void (*tests_[])(void) = {__VA_ARGS__};                                                    \
        for (size_t i = 0; i < sizeof tests_ / sizeof tests_[0]; i++) tests_[i]();                 \
        printf("%d passed, %d failed\n", checks_passed, checks_failed);                            \
        return checks_failed != 0;                                                                 \
    }
