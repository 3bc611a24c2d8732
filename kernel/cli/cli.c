/* Which command is meant, and help. */
#include "cli/cli.h"
#include "base/program.h"
#include "wire/kernel.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *word, *args, *help;
    int (*function)(int argc, char **argv);
};

static const struct command commands[] = {
#define COMMAND(word, args, help, function) {#word, args, help, function},
#include "cli/commands.list"
#undef COMMAND
};

int cli_failed(const struct err *e) {
    fprintf(stderr, "awml-c: %s\n", e->what);
    if (e->hint[0]) fprintf(stderr, "%s\n", e->hint);
    return STATUS_FAILED;
}

int cli_misused(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("awml-c: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\nawml-c --help shows how it is used.\n", stderr);
    va_end(args);
    return STATUS_USAGE;
}

bool cli_program_path(struct text *out, struct err *e) {
    char path[4096];
    size_t n = program_path(path, sizeof path);
    if (n == 0) { return err_set(e, ERR_FILE, "the program cannot find its own path in /proc"); }
    return text_add(out, (struct str){path, n});
}

static int help(void) {
    printf("awml-c %s: awml, a small language for machine learning, as a Jupyter kernel.\n\n",
           AWML_VERSION);
    printf("awml-c -f CONNECTION_FILE\n    be the kernel (this is what Jupyter calls)\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        printf("awml-c %s %s\n    %s\n", commands[i].word, commands[i].args, commands[i].help);
    }
    printf("awml-c --version | --help\n");
    return STATUS_DONE;
}

static bool is_help(const char *word) {
    return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int help_for(const struct command *c) {
    printf("awml-c %s %s\n    %s\n", c->word, c->args, c->help);
    return STATUS_DONE;
}

static int unknown(const char *word) {
    const char *best = NULL;
    int distance = 3;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        int d = str_distance(str_of(word), str_of(commands[i].word));
        if (d < distance) distance = d, best = commands[i].word;
    }
    struct str file = str_of(word);
    if (str_ends(file, ".awml") || str_ends(file, ".ipynb")) {
        return cli_misused("to run a file, write: awml-c run %s", word);
    }
    if (best) return cli_misused("there is no command `%s`. Did you mean `%s`?", word, best);
    return cli_misused("there is no command `%s`", word);
}

static int be_kernel(const char *connection_file) {
    struct err e = {0};
    int status = kernel_run(connection_file, &e);
    if (status) cli_failed(&e);
    return status;
}

static int run_command(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "--help";
    if (!strcmp(word, "-f")) {
        /* `jupyter run` puts its own arguments behind the connection file */
        return argc >= 3 ? be_kernel(argv[2]) : cli_misused("-f needs a connection file");
    }
    if (is_help(word) || !strcmp(word, "help")) return help();
    if (!strcmp(word, "--version")) return printf("awml-c %s\n", AWML_VERSION) < 0;
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(word, commands[i].word) != 0) continue;
        if (argc > 2 && is_help(argv[2])) return help_for(&commands[i]);
        return commands[i].function(argc - 2, argv + 2);
    }
    return unknown(word);
}

int cli_main(int argc, char **argv) {
    int status = run_command(argc, argv);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (written) return status;
    fprintf(stderr, "awml-c: the output could not be written: %s\n", strerror(errno));
    return status ? status : STATUS_FAILED;
}
