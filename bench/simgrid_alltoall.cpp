// SPDX-License-Identifier: Apache-2.0
//
// All-to-all over leaves and spines by SimGrid's flow-level model (CM02, nothing of TCP), for
// bench/fabric.sh to set beside bench_flow. The case is that of tests/unit/alltoall_case.h.
//
//   simgrid_alltoall burst|rounds LEAVES HOSTS SPINES SIZES [--cfg=...]
//
// burst: all messages start at once; rounds: every host sends to (i + r) mod n, the next when its
// own is over. Prints one line of key=value.
#include "alltoall_case.h"

#include <simgrid/s4u.hpp>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace sg = simgrid::s4u;

static alltoall_case the_case;
static std::vector<sg::Host *> hosts;
static double end_s;

static std::pair<simgrid::kernel::routing::NetPoint *, simgrid::kernel::routing::NetPoint *>
make_host(sg::NetZone *zone, const std::vector<unsigned long> &, unsigned long id)
{
    sg::Host *host = zone->create_host("h" + std::to_string(id), 1e9)->seal();
    return {host->get_netpoint(), nullptr};
}

static void make_platform()
{
    sg::FatTreeParams shape{2, {the_case.hosts, the_case.leaves}, {1, the_case.spines}, {1, 1}};
    sg::ClusterCallbacks make(make_host);
    sg::create_fatTree_zone("tree", nullptr, shape, make, alltoall_bandwidth, 0.0,
                            sg::Link::SharingPolicy::SPLITDUPLEX)
        ->seal();
    for (uint32_t i = 0; i < alltoall_ranks(&the_case); i++) {
        hosts.push_back(sg::Host::by_name("h" + std::to_string(i)));
    }
}

static void burst()
{
    uint32_t ranks = alltoall_ranks(&the_case);
    std::vector<sg::CommPtr> all;
    all.reserve((size_t)ranks * (ranks - 1));
    for (uint32_t round = 1; round < ranks; round++) {
        for (uint32_t i = 0; i < ranks; i++) {
            uint32_t j = (i + round) % ranks;
            auto bytes = (uint64_t)alltoall_bytes(&the_case, i, j);
            all.push_back(sg::Comm::sendto_async(hosts[i], hosts[j], bytes));
        }
    }
    sg::Comm::wait_all(all);
    end_s = sg::Engine::get_clock();
}

static void rounds(uint32_t i)
{
    uint32_t ranks = alltoall_ranks(&the_case);
    for (uint32_t round = 1; round < ranks; round++) {
        uint32_t j = (i + round) % ranks;
        sg::Comm::sendto(hosts[i], hosts[j], (uint64_t)alltoall_bytes(&the_case, i, j));
    }
    end_s = sg::Engine::get_clock();
}

int main(int argc, char **argv)
{
    sg::Engine engine(&argc, argv);
    sg::Engine::set_config("network/model:CM02");
    sg::Engine::set_config("network/crosstraffic:0");
    sg::Engine::set_config("network/TCP-gamma:0");
    if (argc < 6) {
        std::fprintf(stderr, "simgrid_alltoall burst|rounds LEAVES HOSTS SPINES SIZES\n");
        return 2;
    }
    uint32_t number[4];
    for (int i = 0; i < 4; i++) {
        number[i] = (uint32_t)std::strtoul(argv[2 + i], nullptr, 10);
    }
    the_case = {number[0], number[1], number[2], number[3], 0};
    make_platform();
    if (std::string(argv[1]) == "burst") {
        sg::Actor::create("all", hosts[0], burst);
    } else {
        for (uint32_t i = 0; i < hosts.size(); i++) {
            sg::Actor::create("a" + std::to_string(i), hosts[i], rounds, i);
        }
    }
    engine.run();
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    std::printf("time_s=%.6f end_s=%.12g peak_mib=%.1f\n",
                (double)std::clock() / CLOCKS_PER_SEC, end_s,
                (double)used.ru_maxrss / 1024.0);
    return 0;
}
