/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema table, and matching of paths against its patterns.
 *
 * Why:   unknown keys are refused, facts are listed and units are checked from one table.
 * Bound: linear search; a kind has some forty rows.
 */
#include "catalog/schema.h"

#include "base/dtype.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

#define ANY MU_ENTITY_KIND_COUNT
#define FACT(kind, pattern, dimension, doc)                                                        \
    {                                                                                              \
        MU_ENTITY_##kind, MU_VALUE_FACT, MU_DIM_##dimension, ANY, pattern, doc                     \
    }
#define PLAIN(kind, pattern, type, doc)                                                            \
    {                                                                                              \
        MU_ENTITY_##kind, MU_VALUE_##type, MU_DIM_NONE, ANY, pattern, doc                          \
    }
#define COMMON(pattern, type, doc)                                                                 \
    {                                                                                              \
        ANY, MU_VALUE_##type, MU_DIM_NONE, ANY, pattern, doc                                       \
    }
#define REF(kind, pattern, type, target, doc)                                                      \
    {                                                                                              \
        MU_ENTITY_##kind, MU_VALUE_##type, MU_DIM_NONE, MU_ENTITY_##target, pattern, doc           \
    }

/* clang-format off */
static const mu_schema_item items[] = {
    COMMON("kind", TEXT, "what the file describes: chip, system, engine, ..."),
    COMMON("id", TEXT, "the name in commands and references: small letters, digits and - _ ."),
    COMMON("name", TEXT, "the name as people write it"),
    COMMON("vendor", TEXT, "who makes it"),
    COMMON("aliases", TEXTS, "other names it is found under"),
    COMMON("inherits", TEXT, "id of the same kind from which everything not said here is taken"),
    COMMON("note", TEXT, "what to know of the whole entity"),

    /* Chip: everything per chip as sold, dense flop rates, links in one direction. */
    PLAIN(CHIP, "launched", DATE, "first sold: YYYY, YYYY-MM or YYYYQn"),
    REF(CHIP, "calibration", REFS, CALIBRATION, "calibrations applied in this order"),
    PLAIN(CHIP, "dies", COUNT, "compute dies in the package"),
    PLAIN(CHIP, "ranks_per_chip", COUNT, "devices that software sees in one chip"),
    FACT(CHIP, "peak.vector", FLOP_RATE, "outside the matrix units, fp32"),
    FACT(CHIP, "peak.<dtype>", FLOP_RATE, "dense matrix rate"),
    FACT(CHIP, "memory.capacity", BYTES, "device memory"),
    FACT(CHIP, "memory.bandwidth", BYTE_RATE, "device memory, nominal"),
    FACT(CHIP, "memory.type", TEXT, "HBM2E, HBM3, GDDR6, ..."),
    FACT(CHIP, "memory.stacks", COUNT, "memory stacks in the package"),
    FACT(CHIP, "cores", COUNT, "SMs, cube cores, compute units"),
    FACT(CHIP, "clock", FREQUENCY, "matrix units, sustained boost"),
    FACT(CHIP, "l2", BYTES, "last-level cache"),
    FACT(CHIP, "l2_partitions", COUNT, "parts of it, each for the cores beside it; default 1"),
    FACT(CHIP, "power.tdp", POWER, "limit of the package"),
    FACT(CHIP, "power.idle", POWER, "drawn when idle"),
    PLAIN(CHIP, "links.scale_up.name", TEXT, "NVLink, UB, ICN, ..."),
    FACT(CHIP, "links.scale_up.bandwidth", BYTE_RATE, "per chip, one direction"),
    FACT(CHIP, "links.scale_up.domain", COUNT, "chips in the largest scale-up domain"),
    FACT(CHIP, "links.scale_out.bandwidth", BYTE_RATE, "network cards, per chip, one direction"),
    FACT(CHIP, "links.die.bandwidth", BYTE_RATE, "die to die, one direction"),
    FACT(CHIP, "links.die.latency", TIME, "die to die, one hop, software included"),
    FACT(CHIP, "host.bandwidth", BYTE_RATE, "to host memory, one direction"),
    FACT(CHIP, "process", TEXT, "process node"),
    REF(CHIP, "processes", REFS, PROCESS, "process entities it is made in"),
    FACT(CHIP, "die.area", AREA, "one compute die"),
    FACT(CHIP, "die.yield", FRACTION, "good compute dies over all"),
    FACT(CHIP, "die.width_mm", NONE, "one compute die; without it as square as the reticle allows"),
    FACT(CHIP, "die.height_mm", NONE, "one compute die"),
    FACT(CHIP, "die.cores", COUNT, "cores on one die; those beyond the ones sold may be broken"),
    FACT(CHIP, "die.core_share", FRACTION, "of the die's area that is cores"),
    FACT(CHIP, "die.critical", FRACTION, "of the die's area in which a defect kills; default: all"),
    FACT(CHIP, "transistors", COUNT, "in the package"),
    FACT(CHIP, "price", MONEY, "of one chip or module"),
    FACT(CHIP, "software.platform", TEXT, "CUDA, CANN, MACA, ..."),
    FACT(CHIP, "software.maturity", FRACTION, "share of kernels that reach what the best reach"),
    FACT(CHIP, "software.compatibility", TEXT, "how far programs for Nvidia's platform run"),
    PLAIN(CHIP, "reported.<name>", FREE_FACT, "published measurement, for show only"),

    REF(SYSTEM, "chip", REF, CHIP, "the chip it is built of"),
    REF(SYSTEM, "engine", REF, ENGINE, "what it is usually run with"),
    PLAIN(SYSTEM, "launched", DATE, "first sold: YYYY, YYYY-MM or YYYYQn"),
    PLAIN(SYSTEM, "chips", COUNT, "chips in it as sold"),
    PLAIN(SYSTEM, "nodes", COUNT, "servers or compute trays"),
    PLAIN(SYSTEM, "chips_per_node", COUNT, "chips in a server or tray"),
    PLAIN(SYSTEM, "hosts", COUNT, "host processors"),
    PLAIN(SYSTEM, "racks", COUNT, "racks, network racks included"),
    PLAIN(SYSTEM, "max_chips", COUNT, "how far a cluster of it may grow"),
    PLAIN(SYSTEM, "tiers", NAMED, "network tiers, innermost first, each with a name"),
    PLAIN(SYSTEM, "tiers.<tier>.name", TEXT, "nvlink, ub, roce, ..."),
    PLAIN(SYSTEM, "tiers.<tier>.kind", TEXT, "switch, mesh or bus"),
    PLAIN(SYSTEM, "tiers.<tier>.span", COUNT, "chips in one domain of this tier, cumulative"),
    PLAIN(SYSTEM, "tiers.<tier>.in_network_reduction", BOOL, "switches add (NVLink SHARP)"),
    PLAIN(SYSTEM, "tiers.<tier>.scale_out", BOOL,
          "a network between supernodes; default: wider than a node and the chip's own domain"),
    FACT(SYSTEM, "tiers.<tier>.bandwidth", BYTE_RATE, "per chip, one direction, nominal"),
    FACT(SYSTEM, "tiers.<tier>.latency", TIME, "one hop, small message, software included"),
    FACT(SYSTEM, "tiers.<tier>.message", TIME, "cost of posting one message to one peer"),
    FACT(SYSTEM, "tiers.<tier>.efficiency", FRACTION, "achieved over nominal, large messages"),
    FACT(SYSTEM, "tiers.<tier>.half_bytes", BYTES, "message size at which half of it is reached"),
    FACT(SYSTEM, "tiers.<tier>.launch", TIME, "fixed cost of a collective kernel"),
    FACT(SYSTEM, "tiers.<tier>.dispatch_efficiency", FRACTION,
         "achieved over nominal in MoE dispatch and combine"),
    FACT(SYSTEM, "tiers.<tier>.power", POWER, "links, switches and optics per chip, always drawn"),
    PLAIN(SYSTEM, "wiring", NAMED, "networks cable by cable; a tier in none is what its kind says"),
    PLAIN(SYSTEM, "wiring.<network>.name", TEXT, "usually that of its tier"),
    PLAIN(SYSTEM, "wiring.<network>.tiers", TEXTS,
          "tiers it realises, one inside the other, innermost first; default: that of its name"),
    PLAIN(SYSTEM, "wiring.<network>.shape", TEXT, "switch, clos, mesh, torus, dragonfly or bus"),
    FACT(SYSTEM, "wiring.<network>.planes", COUNT,
         "switch, clos: equal copies of the switches; every chip has a cable into each"),
    FACT(SYSTEM, "wiring.<network>.rails", COUNT,
         "clos: chip c has its leaf by c mod rails (rail-optimised), not by c / down"),
    FACT(SYSTEM, "wiring.<network>.radix", COUNT,
         "clos: ports of a switch; levels grow with the chips, in place of down and up"),
    PLAIN(SYSTEM, "wiring.<network>.down", ITEMS, "clos, dragonfly: by level, leaves first"),
    FACT(SYSTEM, "wiring.<network>.down.<level>", COUNT,
         "chips under a leaf; above, switches of the level below under a switch"),
    PLAIN(SYSTEM, "wiring.<network>.up", ITEMS, "clos, dragonfly: by level, leaves first"),
    FACT(SYSTEM, "wiring.<network>.up.<level>", COUNT,
         "switches above that a switch has cables to; none for the top level"),
    PLAIN(SYSTEM, "wiring.<network>.taper", ITEMS, "clos, dragonfly: by level, leaves first"),
    FACT(SYSTEM, "wiring.<network>.taper.<level>", COUNT,
         "oversubscription: bandwidth down over bandwidth up; default: that of the tiers"),
    PLAIN(SYSTEM, "wiring.<network>.dims", ITEMS, "mesh, torus: by dimension, innermost first"),
    FACT(SYSTEM, "wiring.<network>.dims.<dim>", COUNT, "chips along a dimension"),
    PLAIN(SYSTEM, "wiring.<network>.shares", ITEMS, "mesh, torus: by dimension, innermost first"),
    FACT(SYSTEM, "wiring.<network>.shares.<dim>", FRACTION,
         "of a chip's bandwidth, sum 1; default: mesh cables alike, torus dimensions alike"),
    FACT(SYSTEM, "wiring.<network>.groups", COUNT, "dragonfly: groups of leaves and spines"),
    FACT(SYSTEM, "wiring.<network>.global_share", COUNT,
         "dragonfly: bandwidth of a group to all others over that of its chips"),
    PLAIN(SYSTEM, "wiring.<network>.cables", ITEMS,
          "from chip to leaf, then level by level, or by dimension; the last goes on"),
    FACT(SYSTEM, "wiring.<network>.cables.<stage>", TEXT, "copper or optical; default: copper"),
    FACT(SYSTEM, "wiring.<network>.latency", TIME,
         "one cable and the switch behind it, without software"),
    REF(SYSTEM, "calibration", REFS, CALIBRATION, "fabric calibrations applied in this order"),
    FACT(SYSTEM, "power.total", POWER, "whole system under load"),
    FACT(SYSTEM, "power.host_per_chip", POWER,
         "hosts, cooling, conversion: per chip, with chips at their limit"),
    FACT(SYSTEM, "power.network_per_chip", POWER,
         "switches and optics: per chip; default: what tiers state"),
    FACT(SYSTEM, "power.cooling_share", FRACTION,
         "fans and pumps inside the racks, of their draw with chips at their limit"),
    FACT(SYSTEM, "power.fan_speed", FRACTION,
         "of fans and pumps with chips at their limit, over full speed"),
    FACT(SYSTEM, "power.fan_speed_idle", FRACTION,
         "the slowest of fans and pumps, over that with chips at their limit"),
    FACT(SYSTEM, "power.conversion_efficiency", FRACTION,
         "power out of supplies and shelves over power in, with chips at their limit"),
    FACT(SYSTEM, "power.loss_standing", FRACTION,
         "of the losses of conversion with chips at their limit: those at any load"),
    FACT(SYSTEM, "power.loss_square", FRACTION,
         "of the same losses: those that go with the square of the load; the rest is in line"),
    FACT(SYSTEM, "power.host_idle", FRACTION,
         "draw of hosts with chips idle over that with chips at their limit"),
    FACT(SYSTEM, "power.host_load", FRACTION,
         "draw of hosts with chips at their limit over that with every part at its maximum"),
    FACT(SYSTEM, "power.outside_share", FRACTION,
         "of network_per_chip: switches and optics outside the servers or racks as sold"),
    FACT(SYSTEM, "power.optics_share", FRACTION,
         "of network_per_chip; where optics.modules and optics.power say nothing"),
    FACT(SYSTEM, "power.pue", COUNT, "power usage effectiveness of the hall, 1 or more"),
    FACT(SYSTEM, "price", MONEY, "whole system"),
    FACT(SYSTEM, "network.cost_per_chip", MONEY, "switches, optics and cables: per chip"),
    FACT(SYSTEM, "network.outside_per_chip", MONEY,
         "of networks that join what is sold as one: per chip, on top of its price"),
    FACT(SYSTEM, "optics.modules", COUNT, "optical transceivers"),
    FACT(SYSTEM, "optics.power", POWER, "of one transceiver"),
    FACT(SYSTEM, "optics.price", MONEY, "of one transceiver"),
    FACT(SYSTEM, "optics.rate", BYTE_RATE, "of one transceiver, one direction"),
    PLAIN(SYSTEM, "reported.<name>", FREE_FACT, "published figure, for show only"),

    PLAIN(ENGINE, "version", TEXT, "releases the figures hold for"),
    PLAIN(ENGINE, "url", TEXT, "where it lives"),
    PLAIN(ENGINE, "block_size", COUNT, "tokens in one block of the KV cache"),
    PLAIN(ENGINE, "prefix_cache", BOOL, "caches outlive requests, for others with their prefix"),
    PLAIN(ENGINE, "policy", TEXT, "how steps are put together: a word of `serving.policy`"),
    PLAIN(ENGINE, "max_batch_tokens", COUNT, "tokens of one step, default"),
    PLAIN(ENGINE, "max_batch", COUNT, "sequences in one step, default"),
    PLAIN(ENGINE, "first_chunk_full", BOOL,
          "a stream shows its first token when its first chunk is full"),
    PLAIN(ENGINE, "memory_of_rest", BOOL, "memory_utilisation is of what weights leave"),
    PLAIN(ENGINE, "gathers_tokens", BOOL,
          "tokens of DP groups meet experts by all-gather, unless experts' ranks outnumber a "
          "token's experts and lie in one scale-up domain"),
    PLAIN(ENGINE, "gathers_always", BOOL,
          "sparse prefill picks its entries however short the context"),
    PLAIN(ENGINE, "kv_follows_weights", BOOL, "an FP8 or FP4 model keeps its cache in FP8"),
    PLAIN(ENGINE, "drafts_disaggregated", COUNT, "draft tokens of a decode role that says none"),
    PLAIN(ENGINE, "chunked_prefill", BOOL, "prefill chunks share steps with decode, default"),
    PLAIN(ENGINE, "parameters.<name>", FREE_FACT, "overhead profile, read by the serving layer"),
    REF(ENGINE, "calibration", REFS, CALIBRATION, "calibrations applied in this order"),

    PLAIN(CALIBRATION, "fitted", FREE, "what it was fitted on, how, and the error left"),
    REF(CALIBRATION, "measured", REF, CHIP, "the chip that was measured, where others list it too"),
    REF(CALIBRATION, "chips", REFS, CHIP, "applied to these, over the calibrations they list"),
    REF(CALIBRATION, "systems", REFS, SYSTEM, "applied to these, over those they list"),
    PLAIN(CALIBRATION, "source", SOURCE, "source id of parameters that name none"),
    PLAIN(CALIBRATION, "grade", TEXT, "grade of parameters that name none"),
    PLAIN(CALIBRATION, "margins", FREE, "how far measured operators lie from predicted ones"),
    PLAIN(CALIBRATION, "surfaces", FREE, "what parameters leave unexplained, over shapes"),
    PLAIN(CALIBRATION, "params.<name>", PARAM, "value of one parameter, in the unit of its name"),

    PLAIN(MODEL, "launched", DATE, "when the weights were published"),
    PLAIN(MODEL, "source", SOURCE, "of the configuration"),
    PLAIN(MODEL, "config", FREE, "fields of the Hugging Face config.json"),
    FACT(MODEL, "published.parameters", COUNT, "number of parameters as its makers state it"),
    FACT(MODEL, "published.active", COUNT, "parameters a token touches, as its makers state it"),
    PLAIN(MODEL, "fp8", TEXT, "what its FP8 checkpoint is: fp8, or fp8_block with block scales"),

    PLAIN(CLOUD, "region", TEXT, "where it rents"),
    PLAIN(CLOUD, "url", TEXT, "its price page"),
    FACT(CLOUD, "rental.<chip>", MONEY_RATE, "one chip for an hour"),
    FACT(CLOUD, "owner_cost.<chip>", MONEY_RATE,
         "what an hour of one chip costs who owns it, capital and power included"),
    PLAIN(CLOUD, "facts.<name>", FREE_FACT, "other figures"),

    REF(FOUNDRY, "processes", REFS, PROCESS, "what it runs"),
    PLAIN(FOUNDRY, "facts.<name>", FREE_FACT, "capacity, price, ..."),
    PLAIN(FOUNDRY, "lines", NAMED, "what it makes month by month, and for which chips"),
    PLAIN(FOUNDRY, "lines.<line>.name", TEXT, "of the line"),
    PLAIN(FOUNDRY, "lines.<line>.makes", TEXT, "dies (from wafers), stacks or packages"),
    FACT(FOUNDRY, "lines.<line>.monthly.<date>", COUNT,
         "wafers, stacks or packages begun in a month; straight lines between dates"),
    FACT(FOUNDRY, "lines.<line>.stock.<date>", COUNT, "finished parts in store, once"),
    FACT(FOUNDRY, "lines.<line>.yield", FRACTION, "of finished parts, those that work"),
    FACT(FOUNDRY, "lines.<line>.time", TIME, "from begun to finished, beyond the process's cycle"),
    FACT(FOUNDRY, "lines.<line>.chips.<chip>.share.<date>", FRACTION, "of it that a chip gets"),
    FACT(FOUNDRY, "lines.<line>.chips.<chip>.per_wafer", COUNT,
         "packages or stacks from one of its wafers"),

    REF(PROCESS, "foundry", REF, FOUNDRY, "who runs it"),
    PLAIN(PROCESS, "launched", DATE, "first volume"),
    FACT(PROCESS, "wafer.diameter_mm", NONE, "of its wafers"),
    FACT(PROCESS, "wafer.edge_mm", NONE, "rim without usable dies"),
    FACT(PROCESS, "wafer.scribe_mm", NONE, "between dies"),
    FACT(PROCESS, "defects.<date>", NONE, "killing defects a cm2 by date"),
    FACT(PROCESS, "yield.<date>", FRACTION,
         "saleable dies of the reference chip by date, where defects are not known"),
    REF(PROCESS, "reference", REF, CHIP, "the chip whose die the yields are of"),
    FACT(PROCESS, "cluster", NONE, "alpha of the negative binomial: small = defects in clusters"),
    FACT(PROCESS, "cycle", TIME, "from wafer start to tested die"),
    FACT(PROCESS, "facts.wafer_price", MONEY, "of one wafer"),
    PLAIN(PROCESS, "facts.<name>", FREE_FACT, "yield, wafer price, density, capacity, ..."),

    PLAIN(RECIPE, "source", SOURCE, "where the configuration stands"),
    PLAIN(RECIPE, "suites", TEXTS, "`source` of its cases, and of tables that reprint them"),
    REF(RECIPE, "models", REFS, MODEL, "models whose cases it explains"),
    REF(RECIPE, "systems", REFS, SYSTEM, "systems it ran on"),
    REF(RECIPE, "engine", REF, ENGINE, "what it ran"),
    PLAIN(RECIPE, "weights", TEXT, "format of the weights"),
    REF(RECIPE, "undrafted", REFS, MODEL, "of `models`, those whose cases are runs without drafts"),
    PLAIN(RECIPE, "dates", TEXTS, "days of the runs, YYYY-MM-DD; none listed: any"),
    PLAIN(RECIPE, "runs", FREE, "lengths, concurrencies, drafts, and the degrees of each role"),
    PLAIN(RECIPE, "servers", FREE, "how its servers were launched: limits, budgets, intervals"),
    FACT(RECIPE, "length_ratio", FRACTION, "lengths are drawn evenly from this share of what a row "
                                           "says up to all of it"),
    PLAIN(CLAIM, "who", TEXT, "who says it"),
    PLAIN(CLAIM, "date", DATE, "when"),
    PLAIN(CLAIM, "number", COUNT, "its place in the list of statements of the articles"),
    PLAIN(CLAIM, "rows", TEXTS, "rows of the published catalogue that say the same"),
    PLAIN(CLAIM, "sources", SOURCES, "where it stands"),
    PLAIN(CLAIM, "facts.<name>", FREE_FACT, "figures it needs that no other entity has"),
    PLAIN(CLAIM, "terms", FREE, 
          "named parts of the question: expressions, or questions to the engine"),
    PLAIN(CLAIM, "question", TEXT, "expression whose value is the answer"),
    PLAIN(CLAIM, "unit", TEXT, "of the answer; yes where 1 is yes and 0 is no"),
    PLAIN(CLAIM, "holds", FREE, "where it holds: {above:, below:}"),
    PLAIN(CLAIM, "because", TEXT, "one line: what the answer rests on"),
    PLAIN(CLAIM, "open", TEXT, "one line: why public facts cannot tell"),
    FACT(RECIPE, "requests_per_client", NONE, "requests of a run over its concurrency"),

    /* Region: what it takes to own chips there; each may be overridden by a flag of `cost`. */
    REF(REGION, "currency", REF, CURRENCY, "what people pay with there"),
    REF(REGION, "clouds", REFS, CLOUD, "who rents there; the first that has the chip counts"),
    FACT(REGION, "electricity.price", ENERGY_PRICE, "large consumers, all taxes and fees"),
    FACT(REGION, "electricity.subsidy", FRACTION, "off the bill, for chips of these vendors:"),
    PLAIN(REGION, "electricity.subsidised_vendors", TEXTS, "vendors of chips that get it"),
    FACT(REGION, "electricity.pue", COUNT, "of new halls; else that of the system"),
    FACT(REGION, "staff.pay", MONEY, "one person for a year, all costs of the employer"),
    FACT(REGION, "staff.per_megawatt", NONE, "people for each MW of planned power"),
    FACT(REGION, "hall.rack", MONEY, "space of one rack for a year: land, building, security"),
    FACT(REGION, "hall.rack_power", POWER, "one rack, where a system states no racks"),
    FACT(REGION, "hall.power", MONEY, "power distribution and backup, for each W planned"),
    FACT(REGION, "hall.cooling", MONEY, "for each W planned"),
    FACT(REGION, "hall.years", TIME, "that power distribution and cooling last"),
    FACT(REGION, "system.host", MONEY, "of a chip's share of a host, where nothing else says it"),
    FACT(REGION, "system.rack", MONEY, "of one rack, without what is in it"),
    FACT(REGION, "system.storage", FRACTION, "of the system's price: disks and their servers"),
    FACT(REGION, "system.installation", FRACTION, "of the system's price: freight, tests"),
    FACT(REGION, "system.maintenance", FRACTION, "of the system's price, a year"),
    FACT(REGION, "system.spares", FRACTION, "of the system's price, a year"),
    FACT(REGION, "system.years", TIME, "until the system is replaced"),
    FACT(REGION, "system.residual", FRACTION, "of the system's price, what it then fetches"),
    FACT(REGION, "system.load", FRACTION, "of planned power, drawn in use where no model says it"),
    FACT(REGION, "cost_of_capital", FRACTION, "a year: mean of debt and equity, before inflation"),
    FACT(REGION, "utilisation", FRACTION, "of the hours of a year that are used"),

    PLAIN(CURRENCY, "day", DATE, "of the rate"),
    FACT(CURRENCY, "rate", MONEY, "what one of it is worth"),
    FACT(CURRENCY, "rates.<time>", MONEY, "what one of it was worth then: 2025, 2025-08"),
};
/* clang-format on */

enum { ITEM_COUNT = sizeof items / sizeof items[0], NEAR_MAX = 64 };

const mu_schema_item *mu_schema_items(uint32_t *count)
{
    assert(count != NULL);
    *count = ITEM_COUNT;
    return items;
}

bool mu_schema_is_fact(const mu_schema_item *item)
{
    assert(item != NULL);
    return item->type == MU_VALUE_FACT || item->type == MU_VALUE_FREE_FACT ||
           item->type == MU_VALUE_PARAM;
}

static size_t part_length(const char *path)
{
    return strcspn(path, ".");
}

/* One part of a pattern against one part of a path; length excludes the dot. */
static bool part_fits(const char *pattern, size_t pattern_length, const char *part, size_t length)
{
    if (length == 0) {
        return false;
    }
    if (strncmp(pattern, "<dtype>", pattern_length) != 0) {
        return true;
    }
    char name[16];
    mu_dtype dtype;
    if (length >= sizeof name) {
        return false;
    }
    memcpy(name, part, length);
    name[length] = '\0';
    return mu_dtype_parse(name, &dtype) && strcmp(mu_dtype_text(dtype), name) == 0;
}

static bool ends_part(char c)
{
    return c == '\0' || c == '.';
}

/* Length of a part that both begin with, word for word; 0 when they differ. */
static size_t same_part(const char *pattern, const char *path)
{
    size_t length = 0;
    while (pattern[length] == path[length] && !ends_part(path[length])) {
        length++;
    }
    return ends_part(pattern[length]) && ends_part(path[length]) ? length : 0;
}

/*
 * Walks both together. Returns the rest of the pattern once the path is used up ("" when both end
 * together), or NULL when they differ.
 */
static const char *match_rest(const char *pattern, const char *path)
{
    for (;;) {
        size_t pattern_length = 0;
        size_t length = 0;
        if (pattern[0] == '<') {
            pattern_length = part_length(pattern);
            length = part_length(path);
            length = part_fits(pattern, pattern_length, path, length) ? length : 0;
        } else {
            length = same_part(pattern, path);
            pattern_length = length;
        }
        if (length == 0) {
            return NULL;
        }
        pattern += pattern_length;
        path += length;
        if (path[0] == '\0') {
            return pattern;
        }
        if (pattern[0] == '\0') {
            return NULL;
        }
        pattern++;
        path++;
    }
}

bool mu_schema_part(const mu_schema_item *item, const char *path, const char *part,
                    char out[MU_PATH_MAX])
{
    const char *pattern = item->pattern;
    while (pattern[0] != '\0' && path[0] != '\0') {
        size_t pattern_length = part_length(pattern);
        size_t length = part_length(path);
        if (pattern_length == strlen(part) && memcmp(pattern, part, pattern_length) == 0) {
            length = length < MU_PATH_MAX ? length : MU_PATH_MAX - 1;
            memcpy(out, path, length);
            out[length] = '\0';
            return true;
        }
        pattern += pattern_length + (pattern[pattern_length] == '.' ? 1 : 0);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return false;
}

static bool kind_fits(const mu_schema_item *item, mu_entity_kind kind)
{
    return item->kind == ANY || item->kind == kind;
}

const mu_schema_item *mu_schema_find(mu_entity_kind kind, const char *path)
{
    assert(path != NULL);
    for (uint32_t i = 0; i < ITEM_COUNT; i++) {
        if (!kind_fits(&items[i], kind) || items[i].pattern[0] != path[0]) {
            continue; /* no pattern begins with `<` */
        }
        const char *rest = match_rest(items[i].pattern, path);
        if (rest != NULL && rest[0] == '\0') {
            return &items[i];
        }
    }
    return NULL;
}

bool mu_schema_is_prefix(mu_entity_kind kind, const char *path)
{
    assert(path != NULL);
    for (uint32_t i = 0; i < ITEM_COUNT; i++) {
        if (!kind_fits(&items[i], kind)) {
            continue;
        }
        const char *rest = match_rest(items[i].pattern, path);
        if (rest != NULL && rest[0] == '.') {
            return true;
        }
    }
    return false;
}

/* Part of the pattern that would stand where the last part of the path does, or NULL. */
static const char *sibling(const char *pattern, const char *path, size_t parent_length)
{
    if (parent_length == 0) {
        return pattern;
    }
    char parent[MU_PATH_MAX];
    memcpy(parent, path, parent_length);
    parent[parent_length] = '\0';
    const char *rest = match_rest(pattern, parent);
    return rest != NULL && rest[0] == '.' ? rest + 1 : NULL;
}

bool mu_schema_nearest(mu_entity_kind kind, const char *path, char out[MU_PATH_MAX])
{
    assert(strlen(path) < MU_PATH_MAX);
    const char *dot = strrchr(path, '.');
    size_t parent_length = dot == NULL ? 0 : (size_t)(dot - path);
    const char *word = dot == NULL ? path : dot + 1;
    char text[NEAR_MAX][40];
    const char *names[NEAR_MAX + MU_DTYPE_COUNT];
    size_t count = 0;
    for (uint32_t i = 0; i < ITEM_COUNT && count < NEAR_MAX; i++) {
        const char *part =
            kind_fits(&items[i], kind) ? sibling(items[i].pattern, path, parent_length) : NULL;
        size_t length = part == NULL ? 0 : part_length(part);
        if (length == 0 || length >= sizeof text[0] || part[0] == '<') {
            continue;
        }
        memcpy(text[count], part, length);
        text[count][length] = '\0';
        names[count] = text[count];
        count++;
    }
    for (int d = 0; d < MU_DTYPE_COUNT && strncmp(path, "peak.", 5) == 0; d++) {
        names[count++] = mu_dtype_text((mu_dtype)d);
    }
    const char *nearest = mu_text_nearest(word, names, count);
    if (nearest == NULL) {
        return false;
    }
    memcpy(out, nearest, strlen(nearest) + 1);
    return true;
}

static const char *const kind_texts[MU_ENTITY_KIND_COUNT] = {
#define X(name, text, folder) text,
    MU_ENTITY_KIND_LIST(X)
#undef X
};

bool mu_entity_kind_parse(const char *text, mu_entity_kind *out)
{
    for (int i = 0; i < MU_ENTITY_KIND_COUNT; i++) {
        if (strcmp(kind_texts[i], text) == 0) {
            *out = (mu_entity_kind)i;
            return true;
        }
    }
    return false;
}

const char *mu_entity_kind_text(mu_entity_kind kind)
{
    assert(kind < MU_ENTITY_KIND_COUNT);
    return kind_texts[kind];
}
