/* CSV: the kinds of cells, what pandas writes, quotes and line ends, rows of other lengths, and
 * what is refused with which words. */
#include "files.h"
#include "data/csv_value.h"
#include "base/stop.h"
#include "base/intern.h"
#include <math.h>

static struct table *parsed(const char *text) {
    struct err e = {0};
    struct table *t = parse_csv(str_of(text), &e);
    CHECK(shown(t != NULL, &e));
    return t;
}

static const char *text_at(const struct table *t, int column, int64_t row) {
    const char *s = t->columns[column].texts ? t->columns[column].texts[row] : "(no text)";
    return s ? s : "(missing)";
}

static double number_at(const struct table *t, int column, int64_t row) {
    return t->columns[column].numbers ? t->columns[column].numbers[row] : -12345;
}

/* ---- cells ---- */

static void cell(const char *text, enum cell kind, double x) {
    double found = 0;
    CHECK_EQ(cell_read(str_of(text), &found), kind);
    if (kind != CELL_MISSING && kind != CELL_TEXT) CHECK(found == x);
}

static void test_cells(void) {
    cell("12", CELL_INT, 12), cell("-7", CELL_INT, -7), cell("+3", CELL_INT, 3);
    cell("  8 ", CELL_INT, 8), cell("007", CELL_INT, 7), cell("-0", CELL_INT, 0);
    cell("9007199254740992", CELL_INT, 0x1p53), cell("9007199254740993", CELL_INT, 0x1p53);
    cell("18446744073709551616", CELL_NUMBER, 0x1p64);
    cell("0000000000000000000000000000012", CELL_INT, 12);
    cell("1.0", CELL_NUMBER, 1), cell(".5", CELL_NUMBER, .5), cell("5.", CELL_NUMBER, 5);
    cell("1e3", CELL_NUMBER, 1000), cell("1E-2", CELL_NUMBER, .01),
        cell("1e400", CELL_NUMBER, INFINITY);
    cell("1e-400", CELL_NUMBER, 0), cell("1e99999999999", CELL_NUMBER, INFINITY);
    cell("0.1234567890123456789012345", CELL_NUMBER, 0.1234567890123456789012345);
    cell("2.2250738585072011e-308", CELL_NUMBER, 2.2250738585072011e-308);
    cell("9007199254740993.0", CELL_NUMBER, 9007199254740992.0);
    cell("inf", CELL_NUMBER, INFINITY), cell("-Infinity", CELL_NUMBER, -INFINITY);
    cell("True", CELL_BOOL, 1), cell("false", CELL_BOOL, 0);
    cell("", CELL_MISSING, 0), cell("  ", CELL_MISSING, 0), cell("NA", CELL_MISSING, 0);
    cell("NaN", CELL_MISSING, 0), cell("None", CELL_MISSING, 0), cell("-nan", CELL_MISSING, 0);
    cell("1.#IND", CELL_MISSING, 0), cell("NAN", CELL_TEXT, 0), cell("na", CELL_TEXT, 0);
    cell("1,5", CELL_TEXT, 0), cell("0x10", CELL_TEXT, 0), cell("1e", CELL_TEXT, 0);
    cell("-", CELL_TEXT, 0), cell(".", CELL_TEXT, 0), cell("1 2", CELL_TEXT, 0),
        cell("5%", CELL_TEXT, 0);
    cell("yes", CELL_TEXT, 0), cell("12345678x", CELL_TEXT, 0),
        cell("2024-01-01", CELL_TIME, 1704067200), cell("2024-02-30", CELL_TEXT, 0),
        cell("2024-01-01x", CELL_TEXT, 0);
}

static void comma(const char *text, enum cell kind, double x) {
    double found = 0;
    CHECK_EQ(cell_read_comma(str_of(text), &found), kind);
    if (kind != CELL_MISSING && kind != CELL_TEXT) CHECK(found == x);
}

static void test_cells_with_commas(void) {
    comma("514,44", CELL_NUMBER, 514.44), comma("-1.234,5", CELL_NUMBER, -1234.5);
    comma("12.345.678", CELL_INT, 12345678), comma(" 7 ", CELL_INT, 7);
    comma(",5", CELL_NUMBER, 0.5), comma("5,", CELL_NUMBER, 5), comma("1,5e3", CELL_NUMBER, 1500);
    comma("1.5", CELL_TEXT, 0), comma("1234.567", CELL_TEXT, 0), comma("1.2345", CELL_TEXT, 0);
    comma("1,2,3", CELL_TEXT, 0), comma(".123", CELL_TEXT, 0), comma(",", CELL_TEXT, 0);
    comma("1.234.", CELL_TEXT, 0), comma("e5", CELL_TEXT, 0), comma("-", CELL_TEXT, 0);
    comma("", CELL_MISSING, 0), comma("NA", CELL_MISSING, 0), comma("true", CELL_BOOL, 1);
    comma("2024-01-01", CELL_TIME, 1704067200), comma("14.03.2021", CELL_TEXT, 0);
    comma("12345678901234567890123456789012345678901234567890123456789012345", CELL_NUMBER,
          12345678901234567890123456789012345678901234567890123456789012345.0);
}

static void test_text_check(void) {
    CHECK(cell_is_text(STR("plain \xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x99\x82 \xf4\x8f\xbf\xbf")));
    CHECK(!cell_is_text(STR("a\0b")));
    CHECK(!cell_is_text(STR("caf\xe9")));
    CHECK(!cell_is_text(STR("\xc0\xaf")));         /* overlong */
    CHECK(!cell_is_text(STR("\xed\xa0\x80")));     /* surrogate */
    CHECK(!cell_is_text(STR("\xf4\x90\x80\x80"))); /* beyond U+10FFFF */
    CHECK(!cell_is_text(STR("\xe6\x97")));         /* cut */
}

/* Every double that pandas wrote comes back bit for bit; also through our own writer. */
static void test_doubles(void) {
    struct err e = {0};
    struct table *t = read_csv(FILES "doubles.csv", false, &e);
    struct tensor *x = read_npy(FILES "doubles.npy", &e);
    CHECK(t && x && t->n_rows == x->count && x->count > 1000);
    for (int64_t i = 0; t && x && i < x->count; i++) {
        char text[32];
        double expected = tensor_get(x, i), again;
        CHECK(number_at(t, 0, i) == expected);
        CHECK(cell_read(str_of(cell_write(expected, text)), &again) == CELL_NUMBER);
        CHECK(again == expected);
    }
    table_unref(t);
    tensor_unref(x);
}

/* Digits and exponents at the seams of the three ways to a double, against strtod. */
static void test_rounding(void) {
    static const char *const digits[] = {"1",
                                         "9007199254740991",
                                         "9007199254740993",
                                         "4503599627370497",
                                         "18014398509481985",
                                         "9999999999999999999",
                                         "1234567890123456789",
                                         "7205759403792793",
                                         "72057594037927935",
                                         "3"};
    for (size_t d = 0; d < ARRAY_LEN(digits); d++) {
        for (int power = -340; power <= 320; power++) {
            char text[64];
            double x = 0;
            snprintf(text, sizeof text, "%se%d", digits[d], power);
            cell_read(str_of(text), &x);
            CHECK(x == strtod(text, NULL));
        }
    }
}

/* ---- what pandas writes ---- */

static void check_pandas(const char *path) {
    struct err e = {0};
    struct table *t = read_csv(path, false, &e);
    CHECK(shown(t != NULL, &e));
    if (!t) return;
    static const enum column_kind kinds[] = {COLUMN_INT,  COLUMN_NUMBER, COLUMN_NUMBER,
                                             COLUMN_BOOL, COLUMN_TEXT,   COLUMN_NUMBER,
                                             COLUMN_TEXT, COLUMN_TEXT};
    CHECK(t->n_rows == 4 && t->n_columns == 8);
    for (int i = 0; i < 8 && i < t->n_columns; i++) CHECK_EQ(t->columns[i].kind, kinds[i]);
    CHECK_EQ(number_at(t, 0, 2), 3000000000);
    CHECK(number_at(t, 1, 2) == 1.7976931348623157e308 && number_at(t, 1, 3) == 5e-324);
    CHECK(number_at(t, 2, 0) == 1.5 && isnan(number_at(t, 2, 1)) && number_at(t, 2, 2) == -2.25);
    CHECK(number_at(t, 3, 0) == 1 && number_at(t, 3, 1) == 0);
    CHECK_STR(text_at(t, 4, 1), "with, comma");
    CHECK_STR(text_at(t, 4, 2), "with \"quotes\"");
    CHECK(isnan(number_at(t, 5, 0)) && isnan(number_at(t, 5, 3)));
    CHECK_STR(text_at(t, 6, 0), "1");
    CHECK_STR(text_at(t, 6, 1), "x");
    CHECK_STR(text_at(t, 6, 3), "(missing)");
    CHECK_EQ(table_find(t, STR("\xc3\xbc")), 7);
    CHECK_STR(text_at(t, 7, 1), "\xe6\x97\xa5\xe6\x9c\xac");
    CHECK(t->columns[0].name == intern_c("whole"));
    table_unref(t);
}

static void test_pandas(void) {
    check_pandas(FILES "pandas.csv");
    check_pandas(FILES "pandas.csv.gz");
    check_pandas(FILES "pandas_bom_crlf.csv");
}

/* ---- shapes of text ---- */

static void test_line_ends(void) {
    static const char *const texts[] = {"a,b\n1,2\n3,4\n",
                                        "a,b\n1,2\n3,4",
                                        "a,b\r\n1,2\r\n3,4\r\n",
                                        "a,b\r1,2\r3,4\r",
                                        "\n\na,b\n\n1,2\n\n\n3,4\n\n",
                                        "a,b\r1,2\n3,4\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct table *t = parsed(texts[i]);
        if (!t) continue;
        CHECK_EQ(t->n_rows, 2);
        CHECK_EQ(t->n_columns, 2);
        CHECK(number_at(t, 0, 0) == 1 && number_at(t, 1, 0) == 2 && number_at(t, 1, 1) == 4);
        CHECK(t->columns[0].kind == COLUMN_INT);
        table_unref(t);
    }
}

static void test_quotes(void) {
    struct table *t =
        parsed("a,b,c\n\"x,y\",\"he said \"\"hi\"\"\",\"\"\n\"1\"\"\",plain \"quote\",\"2\"\n"
               "\"in\"side,\"\r\n\",7\n");
    CHECK_STR(text_at(t, 0, 0), "x,y");
    CHECK_STR(text_at(t, 1, 0), "he said \"hi\"");
    CHECK(isnan(number_at(t, 2, 0)));
    CHECK_STR(text_at(t, 0, 1), "1\"");
    CHECK_STR(text_at(t, 1, 1), "plain \"quote\"");
    CHECK(number_at(t, 2, 1) == 2 && t->columns[2].kind == COLUMN_INT);
    CHECK_STR(text_at(t, 0, 2), "inside");
    CHECK_STR(text_at(t, 1, 2), "\r\n");
    table_unref(t);
}

static void test_short_rows(void) {
    struct table *t = parsed("a,b,c\n1\n2,x\n3,y,4\n,,\n");
    CHECK_EQ(t->n_rows, 4);
    CHECK(isnan(number_at(t, 2, 0)) && number_at(t, 2, 2) == 4 && isnan(number_at(t, 0, 3)));
    CHECK_STR(text_at(t, 1, 0), "(missing)");
    CHECK_STR(text_at(t, 1, 1), "x");
    CHECK_STR(text_at(t, 1, 3), "(missing)");
    table_unref(t);
}

/* A column is a text if one cell is, however late; and earlier cells keep their spelling. */
static void test_late_text(void) {
    struct table *t = parsed("a,b,c,d\n1.50,True,NA,5\n2,False,,6\n\"x, y\",3,late,7\n0x1,,4,8\n");
    CHECK_STR(text_at(t, 0, 0), "1.50");
    CHECK_STR(text_at(t, 0, 2), "x, y");
    CHECK_STR(text_at(t, 1, 0), "True");
    CHECK_STR(text_at(t, 1, 2), "3");
    CHECK_STR(text_at(t, 1, 3), "(missing)");
    CHECK_STR(text_at(t, 2, 0), "(missing)");
    CHECK_STR(text_at(t, 2, 3), "4");
    CHECK(t->columns[3].kind == COLUMN_INT && number_at(t, 3, 3) == 8);
    table_unref(t);
}

static void test_names(void) {
    struct table *t = parsed("a,a,,a.1, b ,\"c,d\",a\n1,2,3,4,5,6,7\n");
    static const char *const names[] = {"a", "a.1", "column_3", "a.1.1", "b", "c,d", "a.2"};
    for (int i = 0; i < 7 && i < t->n_columns; i++) CHECK_STR(t->columns[i].name, names[i]);
    table_unref(t);
    t = parsed("only,names\n");
    CHECK(t->n_rows == 0 && t->n_columns == 2);
    table_unref(t);
}

static void test_delimiters(void) {
    struct table *t = parsed("a;b\n1;\"x;y\"\n2;3,5\n");
    CHECK_EQ(t->n_columns, 2);
    CHECK_STR(text_at(t, 1, 0), "x;y");
    CHECK_STR(text_at(t, 1, 1), "3,5");
    table_unref(t);
    t = parsed("a\tb\n1\t2\n");
    CHECK(t->n_columns == 2 && number_at(t, 1, 0) == 2);
    table_unref(t);
    t = parsed("only\n1\n\"\"\n3\n");
    CHECK(t->n_columns == 1 && t->n_rows == 3 && isnan(number_at(t, 0, 1)));
    table_unref(t);
}

static void bad(struct str text, const char *says) {
    struct err e = {0};
    struct table *t = parse_csv(text, &e);
    CHECK(t == NULL);
    CHECK_EQ(e.kind, ERR_DATA);
    if (!strstr(e.what, says)) fprintf(stderr, "%s\n", e.what);
    CHECK(strstr(e.what, says) != NULL);
    table_unref(t);
}

static void test_refusals(void) {
    bad(STR(""), "The file is empty.");
    bad(STR("\n\r\n\n"), "empty lines only");
    bad(STR("a,b\n1,2\n3,4,5,6\n"), "Line 3 has 4 values, but the first line names 2 columns.");
    bad(STR("a,b\n1,\"x\n\ny\"\n\n3,4,5\n"), "Line 6 has 3 values");
    bad(STR("a,b\n1,2\n\"3,4\n5,6\n"), "line 3 and never closed");
    bad(STR("a,b\n1,caf\xe9\n"), "Line 2, column \"b\", holds bytes that are not UTF-8");
    bad(STR("a,b\n1,x\0y\n"), "not UTF-8");
    bad(STR("a,\xff\n1,2\n"), "name of column 2 is not UTF-8");
    bad(STR("\xff\xfe"
            "a\0"),
        "UTF-16");
}

/* ---- size ---- */

/* Records longer than the buffer, and every position of its end: the same table. */
static void test_buffer_seams(void) {
    struct text s = {0};
    enum { ROWS = 30000 };
    text_adds(&s, "id,word,\"quo\"\"ted\",x\n");
    for (int i = 0; i < ROWS; i++)
        text_addf(&s, "%d,word %d,\"a \"\"%d\"\"\r\nb,\",%d.25\r\n", i, i % 7, i, i);
    CHECK(s.n > (1 << 20));
    struct table *t = parsed(text_str(&s).p);
    CHECK_EQ(t->n_rows, ROWS);
    CHECK(t->columns[0].kind == COLUMN_INT && t->columns[3].kind == COLUMN_NUMBER);
    int wrong = 0;
    for (int i = 0; i < ROWS; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "a \"%d\"\r\nb,", i);
        wrong += number_at(t, 0, i) != i || number_at(t, 3, i) != i + .25 ||
                 strcmp(text_at(t, 2, i), expected) != 0;
    }
    CHECK_EQ(wrong, 0);
    CHECK(t->columns[1].texts[0] == t->columns[1].texts[7]); /* one copy of equal words */
    table_unref(t);
    text_clear(&s);
}

/* Texts of every length around those that are looked for among recent ones, equal up to their last
 * byte or not; `end` closes each of them. */
static int wrong_lengths(const char *end, bool quotes) {
    struct text s = {0};
    enum { ROWS = 20000, LENGTHS = 50 };
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *quote = quotes ? "\"" : "";
    text_adds(&s, "few,many,none\n");
    for (int i = 0; i < ROWS; i++)
        text_addf(&s, "%s%.*s%d%s%s,%d %.*s%s,%s\n", quote, i % LENGTHS, letters, i % 3, end, quote,
                  i, i % LENGTHS, letters, end,
                  i % 4   ? "NA"
                  : i % 8 ? ""
                          : "text");
    struct table *t = parsed(text_str(&s).p);
    int wrong = t->n_rows != ROWS;
    for (int i = 0; i < ROWS && !wrong; i++) {
        char few[80], many[80];
        snprintf(few, sizeof few, "%.*s%d%s", i % LENGTHS, letters, i % 3, end);
        snprintf(many, sizeof many, "%d %.*s%s", i, i % LENGTHS, letters, end);
        wrong += strcmp(text_at(t, 0, i), few) != 0 || strcmp(text_at(t, 1, i), many) != 0 ||
                 strcmp(text_at(t, 2, i), i % 8 ? "(missing)" : "text") != 0;
    }
    table_unref(t);
    text_clear(&s);
    return wrong;
}

static void test_text_lengths(void) {
    CHECK_EQ(wrong_lengths("", false), 0);
    CHECK_EQ(wrong_lengths("", true), 0);
    CHECK_EQ(wrong_lengths("\xc3\xa9", false), 0);
    CHECK_EQ(wrong_lengths(" \"\" ", false), 0); /* quotes inside are no quotes around */
    bad(STR("a\nABC\nABC\nAB\xe9\n"), "Line 4, column \"a\"");
}

/* Large files are read in two pieces. Columns: whole numbers that become texts in the second piece;
 * nothing but missing values there or here; whole numbers that become numbers; texts with lines in
 * quotes all over. `note` is what stands in those. */
static void check_pieces(const char *note, const char *found) {
    struct text s = {0};
    enum { ROWS = 60000 };
    text_adds(&s, "id,late,text,early,x,note\n");
    for (int i = 0; i < ROWS; i++)
        text_addf(&s, "%d,%d%s,%s,%s,%s,%s\n%s", i, i, i > ROWS - 9 ? "A" : "",
                  i < ROWS - 7 ? "" : "new", i > 7 ? "NA" : "old", i < ROWS - 5 ? "1" : "1.5", note,
                  i % 100 ? "" : "\n\n");
    CHECK(s.n > (1 << 20));
    struct table *t = parsed(text_str(&s).p);
    CHECK_EQ(t->n_rows, ROWS);
    CHECK_EQ(t->columns[0].kind, COLUMN_INT);
    CHECK_EQ(t->columns[4].kind, COLUMN_NUMBER);
    int wrong = 0;
    for (int i = 0; i < ROWS; i++) {
        char late[16];
        snprintf(late, sizeof late, "%d%s", i, i > ROWS - 9 ? "A" : "");
        wrong += number_at(t, 0, i) != i || strcmp(text_at(t, 1, i), late) != 0 ||
                 strcmp(text_at(t, 2, i), i < ROWS - 7 ? "(missing)" : "new") != 0 ||
                 strcmp(text_at(t, 3, i), i > 7 ? "(missing)" : "old") != 0 ||
                 number_at(t, 4, i) != (i < ROWS - 5 ? 1 : 1.5) ||
                 strcmp(text_at(t, 5, i), found) != 0;
    }
    CHECK_EQ(wrong, 0);
    table_unref(t);
    text_clear(&s);
}

static void test_pieces(void) {
    check_pieces("plain", "plain");
    check_pieces("\"two\nlines, and \"\"more\"\"\"", "two\nlines, and \"more\"");
    check_pieces("5\" wide", "5\" wide"); /* a quote that opens nothing */
    check_pieces("\"\n5\"\" wide\n\n\n\n\"", "\n5\" wide\n\n\n\n");
}

/* An error in the second piece is told with its line. */
static void test_pieces_errors(void) {
    struct text s = {0};
    text_adds(&s, "a,b\n");
    for (int i = 0; i < 150000; i++) text_addf(&s, "%d,%d\n", i, i);
    size_t n = s.n;
    text_adds(&s, "1,2,3\n");
    bad(text_str(&s), "Line 150002 has 3 values");
    s.n = n;
    text_adds(&s, "1,\xff\n");
    bad(text_str(&s), "Line 150002, column \"b\"");
    s.n = n;
    text_adds(&s, "1,\"2\n");
    bad(text_str(&s), "line 150002 and never closed");
    text_clear(&s);
}

static void test_wide(void) {
    struct text s = {0};
    enum { COLUMNS = 10000, ROWS = 30 };
    for (int i = 0; i < COLUMNS; i++) text_addf(&s, "%sc%d", i ? "," : "", i);
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < COLUMNS; i++) text_addf(&s, "%c%d", i ? ',' : '\n', row * i);
    }
    struct table *t = parsed(text_str(&s).p);
    CHECK(t->n_columns == COLUMNS && t->n_rows == ROWS);
    int wrong = 0;
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < COLUMNS; i++) wrong += number_at(t, i, row) != row * i;
    }
    CHECK_EQ(wrong, 0);
    table_unref(t);
    text_clear(&s);
}

static void test_long_cell(void) {
    struct text s = {0};
    text_adds(&s, "a,b\n1,\"");
    for (int i = 0; i < 3000000; i++) text_addc(&s, "abc\n"[i % 4]);
    text_adds(&s, "\"\n2,y\n");
    struct table *t = parsed(text_str(&s).p);
    CHECK(t->n_rows == 2 && strlen(text_at(t, 1, 0)) == 3000000);
    CHECK_STR(text_at(t, 1, 1), "y");
    table_unref(t);
    text_clear(&s);
}

static void test_stop(void) {
    _Atomic bool stop = true;
    struct err e = {0};
    stop_on(&stop);
    struct table *t = read_csv(FILES "pandas.csv", false, &e);
    CHECK(t == NULL && e.kind == ERR_INTERRUPT);
    stop = false;
    t = read_csv(FILES "pandas.csv", false, &e);
    CHECK(t != NULL);
    table_unref(t);
    stop_on(NULL);
}

struct seen {
    int begins, ends, steps, wrong;
    double most;
};

static void see(void *user, const struct read_progress *p) {
    struct seen *s = user;
    s->begins += p->begins;
    s->ends += p->ended;
    s->steps += !p->begins && !p->ended;
    s->wrong += p->share < 0 || p->share > 1 || (!p->begins && p->round >= p->n_rounds);
    if (p->share > s->most) s->most = p->share;
}

/* A long file says how far it has been read; a short one says nothing. */
static void test_watch(void) {
    struct err e = {0};
    struct seen seen = {0};
    const char *path = scratch("long.csv");
    FILE *f = fopen(path, "w");
    fputs("a,b\n", f);
    for (int i = 0; i < 1000000; i++) fputs("1234,5678\n", f);
    fclose(f);
    read_watch(see, &seen);
    struct table *t = read_csv(path, false, &e);
    CHECK(t && t->n_rows == 1000000);
    CHECK(seen.begins == 1 && seen.ends == 1 && seen.steps >= 2 && seen.most > 0.5 &&
          seen.wrong == 0);
    table_unref(t);
    seen = (struct seen){0};
    t = read_csv(FILES "pandas.csv", false, &e);
    CHECK(t && seen.begins == 0 && seen.steps == 0 && seen.ends == 0);
    table_unref(t);
    read_watch(NULL, NULL);
    unlink(path);
}

/* ---- writing ---- */

static void test_write(void) {
    struct err e = {0};
    const char *path = scratch("round.csv");
    struct table *t = read_csv(FILES "pandas.csv", false, &e);
    CHECK(t && shown(write_csv(t, path, &e), &e));
    check_pandas(path);
    struct text bytes = {0};
    CHECK(read_file(path, &bytes, &e));
    CHECK(strstr(bytes.p,
                 "3000000000,1.7976931348623157e+308,-2.25,True,\"with \"\"quotes\"\"\",,3,") !=
          NULL);
    text_clear(&bytes);
    table_unref(t);
    t = parsed("x\n1.0\n\"\"\n-3\n");
    CHECK(write_csv(t, path, &e) && read_file(path, &bytes, &e));
    CHECK_STR(bytes.p, "x\n1.0\n\"\"\n-3.0\n");
    text_clear(&bytes);
    table_unref(t);
    unlink(path);
}

TEST_MAIN(test_cells, test_cells_with_commas, test_text_check, test_doubles, test_rounding,
          test_pandas, test_line_ends, test_quotes, test_short_rows, test_late_text, test_names,
          test_delimiters, test_refusals, test_buffer_seams, test_text_lengths, test_pieces,
          test_pieces_errors, test_wide, test_long_cell, test_stop, test_watch, test_write)
