/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows that share links, by SimGrid's flow-level model: the reference of test_simgrid.c.
 *
 *   simgrid_flows < CASE
 *
 * What:  reads a case, prints the second at which each flow ends, a line each. A program of its
 *        own, because SimGrid has one engine a process.
 * How:   plain max-min (CM02 without anything of TCP); every flow has a host to leave from, one to
 *        go to, and an actor.
 * Case:  LINKS, then of each: bandwidth [B/s] and latency [s]; FLOWS, then of each: the flow it
 *        comes after (-1: none), seconds to wait first, bytes, number of links, the links.
 */
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINKS_MAX = 256, FLOWS_MAX = 1024, HOPS_MAX = 16 };

typedef struct wire {
    double bandwidth;
    double latency_s;
} wire;

typedef struct flow {
    int after;
    int hops;
    double wait_s;
    double bytes;
    int hop[HOPS_MAX];
    sg_actor_t actor;
    double end_s;
} flow;

static wire wires[LINKS_MAX];
static flow flows[FLOWS_MAX];
static int wire_count;
static int flow_count;

static void stop(const char *what)
{
    (void)fprintf(stderr, "simgrid_flows: %s\n", what);
    exit(1);
}

static double read_number(double low, double high)
{
    double x = 0.0;
    if (scanf("%lf", &x) != 1 || !(x >= low && x <= high)) { // NOLINT(cert-err34-c): checked
        stop("a number is missing or out of range");
    }
    return x;
}

static void read_case(void)
{
    wire_count = (int)read_number(1, LINKS_MAX);
    for (int l = 0; l < wire_count; l++) {
        wires[l].bandwidth = read_number(1.0, 1e15);
        wires[l].latency_s = read_number(0.0, 1.0);
    }
    flow_count = (int)read_number(1, FLOWS_MAX);
    for (int i = 0; i < flow_count; i++) {
        flow *f = &flows[i];
        f->after = (int)read_number(-1, i - 1);
        f->wait_s = read_number(0.0, 1e6);
        f->bytes = read_number(1.0, 1e15);
        f->hops = (int)read_number(1, HOPS_MAX);
        for (int h = 0; h < f->hops; h++) {
            f->hop[h] = (int)read_number(0, wire_count - 1);
        }
    }
}

static void write_platform(FILE *out)
{
    (void)fputs("<?xml version='1.0'?>\n"
                "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
                "<platform version=\"4.1\"><zone id=\"all\" routing=\"Full\">\n",
                out);
    for (int i = 0; i < flow_count; i++) {
        (void)fprintf(out, "<host id=\"a%d\" speed=\"1f\"/><host id=\"b%d\" speed=\"1f\"/>\n", i,
                      i);
    }
    for (int l = 0; l < wire_count; l++) {
        (void)fprintf(out, "<link id=\"l%d\" bandwidth=\"%.17gBps\" latency=\"%.17gs\"/>\n", l,
                      wires[l].bandwidth, wires[l].latency_s);
    }
    for (int i = 0; i < flow_count; i++) {
        (void)fprintf(out, "<route src=\"a%d\" dst=\"b%d\" symmetrical=\"NO\">", i, i);
        for (int h = 0; h < flows[i].hops; h++) {
            (void)fprintf(out, "<link_ctn id=\"l%d\"/>", flows[i].hop[h]);
        }
        (void)fputs("</route>\n", out);
    }
    (void)fputs("</zone></platform>\n", out);
}

static void load_platform(void)
{
    char folder[256];
    char path[300];
    const char *place = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/muster-simgrid-XXXXXX", place ? place : "/tmp");
    if (mkdtemp(folder) == NULL) {
        stop("cannot make a folder for the platform");
    }
    (void)snprintf(path, sizeof path, "%s/platform.xml", folder);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        stop("cannot write the platform");
        return;
    }
    write_platform(out);
    if (fclose(out) != 0) {
        stop("cannot write the platform");
    }
    simgrid_load_platform(path);
    (void)unlink(path);
    (void)rmdir(folder);
}

static sg_host_t host_of(char side, int index)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%c%d", side, index);
    return sg_host_by_name(name);
}

static void carry(int argc, char **argv)
{
    int index = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    flow *f = &flows[index];
    if (f->after >= 0) {
        sg_actor_join(flows[f->after].actor, -1.0);
    }
    if (f->wait_s > 0.0) {
        sg_actor_sleep_for(f->wait_s);
    }
    sg_host_sendto(host_of('a', index), host_of('b', index), f->bytes);
    f->end_s = simgrid_get_clock();
}

static void set_up(void)
{
    static const char *const settings[] = {
        "network/model:CM02",         "network/optim:Full",   "network/crosstraffic:0",
        "network/TCP-gamma:0",        "network/weight-S:0",   "network/latency-factor:1",
        "network/bandwidth-factor:1", "surf/precision:1e-13", "contexts/stack-size:128",
    };
    enum { SETTINGS = sizeof settings / sizeof settings[0] };
    /* Compared with sums of weights: of 1 each, or of 1/latency, a million each. */
    const char *precision = "--cfg=maxmin/precision:1e-9";
    for (int l = 0; l < wire_count; l++) {
        precision = wires[l].latency_s > 0.0 ? "--cfg=maxmin/precision:1e-5" : precision;
    }
    char text[SETTINGS][64];
    char rounded[64];
    (void)snprintf(rounded, sizeof rounded, "%s", precision);
    char *arguments[SETTINGS + 4] = {"simgrid_flows", rounded};
    int count = 2;
    for (int i = 0; i < SETTINGS; i++) {
        (void)snprintf(text[i], sizeof text[i], "--cfg=%s", settings[i]);
        arguments[count++] = text[i];
    }
    arguments[count++] = "--log=root.thresh:critical";
    simgrid_init(&count, arguments);
}

int main(void)
{
    read_case();
    set_up();
    load_platform();
    for (int i = 0; i < flow_count; i++) {
        char index[16];
        (void)snprintf(index, sizeof index, "%d", i);
        char *arguments[] = {"flow", index};
        flows[i].actor = sg_actor_init("flow", host_of('a', i));
        sg_actor_ref(flows[i].actor);
        sg_actor_start(flows[i].actor, carry, 2, arguments);
    }
    simgrid_run();
    for (int i = 0; i < flow_count; i++) {
        (void)printf("%.17g\n", flows[i].end_s);
    }
    return 0;
}
