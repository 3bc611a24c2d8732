/* Connection files and the addresses made from them. */
#include "wire/connection.h"
#include "tests/harness.h"
#include <stdlib.h>
#include <unistd.h>

static bool load(const char *json, struct connection *c, struct err *e) {
    char path[] = "/tmp/awml-connection-XXXXXX";
    int fd = mkstemp(path);
    bool written = write(fd, json, strlen(json)) == (ssize_t)strlen(json);
    close(fd);
    memset(e, 0, sizeof *e);
    bool ok = written && connection_load(path, c, e);
    unlink(path);
    return ok;
}

#define PORTS                                                                                      \
    "\"shell_port\":1,\"iopub_port\":\"2\",\"stdin_port\":3,\"control_port\":4,\"hb_port\":5"

static void check_endpoint(const char *json, int port, const char *expected) {
    struct connection c;
    struct err e;
    struct text out = {0};
    CHECK(load(json, &c, &e));
    connection_endpoint(&c, port, &out);
    CHECK_STR(out.p, expected);
    text_clear(&out);
}

static void test_endpoints(void) {
    check_endpoint("{" PORTS "}", 5, "tcp://127.0.0.1:5");
    check_endpoint("{" PORTS "}", 0, "tcp://127.0.0.1:*");
    check_endpoint("{\"ip\":\"*\"," PORTS "}", 5, "tcp://*:5");
    check_endpoint("{\"ip\":\"::1\"," PORTS "}", 5, "tcp://[::1]:5");
    check_endpoint("{\"ip\":\"/tmp/x\",\"transport\":\"ipc\"," PORTS "}", 5, "ipc:///tmp/x-5");
}

static void test_fields(void) {
    struct connection c;
    struct err e;
    CHECK(load("{" PORTS ",\"key\":\"abc\",\"signature_scheme\":null}", &c, &e));
    CHECK_EQ(c.ports[PORT_IOPUB], 2);
    CHECK_STR(c.key, "abc");
    CHECK(!c.chose_ports);
    CHECK(load("{\"shell_port\":0,\"iopub_port\":0,\"stdin_port\":0,\"control_port\":0,"
               "\"hb_port\":0}",
               &c, &e));
    CHECK(c.chose_ports);
}

static void test_refusals(void) {
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "3",
                                      "{}",
                                      "{\"shell_port\":-1}",
                                      "{" PORTS ",\"key\":5}",
                                      "{" PORTS ",\"transport\":\"udp\"}",
                                      "{" PORTS ",\"hb_port\":70000}",
                                      "{" PORTS ",\"hb_port\":\"5x\"}",
                                      "{" PORTS ",\"hb_port\":\"\"}",
                                      "{" PORTS ",\"ip\":[]}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct connection c;
        struct err e;
        CHECK(!load(bad[i], &c, &e));
        CHECK(e.what[0] != 0);
    }
}

TEST_MAIN(test_endpoints, test_fields, test_refusals)
