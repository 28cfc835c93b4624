/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   flows end when SimGrid says so, where both solve plain max-min.
 * Method: seeded random networks and flows in several shapes; each is run by the engine and by
 *         simgrid_flows, a program of its own (MUSTER_SIMGRID_FLOWS; skipped where it could not be
 *         built), and every flow's end compared to 1e-6.
 */
#include "flow_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_case(const flow_case *c, bool latency, FILE *out)
{
    (void)fprintf(out, "%u\n", c->links);
    for (uint32_t l = 0; l < c->links; l++) {
        (void)fprintf(out, "%.17g %.17g\n", c->capacity[l], c->latency_s[l]);
    }
    (void)fprintf(out, "%u\n", c->flows);
    for (uint32_t i = 0; i < c->flows; i++) {
        const case_flow *f = &c->flow[i];
        double wait_s = 1e-12 * (double)f->wait_ps;
        for (uint32_t h = 0; latency && h < f->hops; h++) {
            wait_s -= c->latency_s[f->link[h]];
        }
        (void)fprintf(out, "%d %.17g %.17g %u", f->after, wait_s < 1e-13 ? 0.0 : wait_s, f->bytes,
                      f->hops);
        for (uint32_t h = 0; h < f->hops; h++) {
            (void)fprintf(out, " %u", f->link[h]);
        }
        (void)fprintf(out, "\n");
    }
    (void)fflush(out);
    rewind(out);
}

static void run_program(const char *program, FILE *in, FILE *out)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(fileno(in), STDIN_FILENO) >= 0 && dup2(fileno(out), STDOUT_FILENO) >= 0) {
            (void)execl(program, program, (char *)NULL);
        }
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("%s ended with status %d", program, status);
    }
    rewind(out);
}

static void simgrid_finish(const char *program, const flow_case *c, bool latency, double finish_s[])
{
    FILE *in = tmpfile();
    FILE *out = tmpfile();
    assert_true(in != NULL && out != NULL);
    write_case(c, latency, in);
    run_program(program, in, out);
    for (uint32_t i = 0; i < c->flows; i++) {
        char line[64];
        assert_non_null(fgets(line, sizeof line, out));
        finish_s[i] = strtod(line, NULL);
    }
    (void)fclose(in);
    (void)fclose(out);
}

static const char *program_or_skip(void)
{
    const char *program = getenv("MUSTER_SIMGRID_FLOWS");
    if (program == NULL || access(program, X_OK) != 0) {
        print_message(
            "SKIPPED: no SimGrid here (libsimgrid-dev); flows are not compared with it\n");
        skip();
    }
    return program;
}

/* Worst relative difference of a flow's end. */
static double compare(const char *program, uint64_t seed, case_shape shape, uint32_t traits,
                      uint32_t flows)
{
    static flow_case c;
    static double ours_s[CASE_FLOWS];
    static double theirs_s[CASE_FLOWS];
    case_draw(seed, shape, traits, flows, &c);
    engine_finish(&c, ours_s);
    simgrid_finish(program, &c, (traits & TRAIT_LATENCY) != 0, theirs_s);
    double worst = 0.0;
    for (uint32_t i = 0; i < c.flows; i++) {
        double error = fabs(ours_s[i] - theirs_s[i]) / theirs_s[i];
        if (!(error <= 1e-6)) {
            fail_msg("%s, traits %u, seed %llu: flow %u ends at %.12g s, SimGrid's at %.12g s",
                     case_shape_text(shape), traits, (unsigned long long)seed, i, ours_s[i],
                     theirs_s[i]);
        }
        worst = fmax(worst, error);
    }
    return worst;
}

/* Every shape with these traits, from two flows to many. */
static void compare_all(uint32_t traits)
{
    static const uint32_t flows[] = {2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
    const char *program = program_or_skip();
    double worst = 0.0;
    for (int shape = 0; shape < CASE_SHAPES; shape++) {
        for (uint64_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
            worst = fmax(worst,
                         compare(program, 100 * traits + i, (case_shape)shape, traits, flows[i]));
        }
    }
    print_message("traits %u: worst difference %.3g\n", traits, worst);
}

static void all_at_once(void **state)
{
    (void)state;
    compare_all(0);
}

static void equal_bytes(void **state)
{
    (void)state;
    compare_all(TRAIT_EQUAL_BYTES);
}

static void equal_bytes_and_links(void **state)
{
    (void)state;
    compare_all(TRAIT_EQUAL_BYTES | TRAIT_EQUAL_LINKS);
}

static void staggered(void **state)
{
    (void)state;
    compare_all(TRAIT_STAGGERED);
}

static void one_after_the_other(void **state)
{
    (void)state;
    compare_all(TRAIT_CHAINED | TRAIT_STAGGERED);
}

static void latency_and_weights(void **state)
{
    (void)state;
    compare_all(TRAIT_LATENCY);
}

static void all_together(void **state)
{
    (void)state;
    compare_all(TRAIT_LATENCY | TRAIT_CHAINED | TRAIT_STAGGERED | TRAIT_EQUAL_LINKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),           cmocka_unit_test(equal_bytes),
        cmocka_unit_test(equal_bytes_and_links), cmocka_unit_test(staggered),
        cmocka_unit_test(one_after_the_other),   cmocka_unit_test(latency_and_weights),
        cmocka_unit_test(all_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
