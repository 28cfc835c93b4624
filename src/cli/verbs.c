/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of verbs and of output flags: help, completion and the man page are made from it.
 */
#include "cli/cli.h"

#include "base/text.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { NAMES_MAX = 32 };

enum {
    LISTS = MU_TAKES_TABLES | MU_TAKES_CATALOG,
    QUESTIONS = MU_TAKES_TABLES | MU_TAKES_CATALOG | MU_TAKES_SCENARIO
};

static const mu_verb verbs[] = {
    {"chips", "chips of the catalogue, a line each", "",
     "Peak rates are dense. Every number is the best of a range; `muster show ID` has range, grade "
     "and source.",
     "muster chips", LISTS, 0, 0, mu_verb_chips},
    {"systems", "systems of the catalogue, a line each", "",
     "A system is what one buys: chips, the network that joins them, power and price.",
     "muster systems --json", LISTS, 0, 0, mu_verb_systems},
    {"models", "models of the catalogue, a line each", "",
     "Parameters are counted from the configuration; `active` is what one token touches.",
     "muster models", LISTS, 0, 0, mu_verb_models},
    {"list", "any kind of the catalogue, a line each", "KIND",
     "KIND is chip, system, engine, model, calibration, cloud, foundry, process, recipe, region, "
     "currency or claim.",
     "muster list engine", LISTS, 1, 1, mu_verb_list},
    {"show", "one entity: every fact with range, grade and source", "ID",
     "Grades: A measured or a vendor's own paper; B an analyst's teardown or a named official; C "
     "press, leak, rumour; D this project's estimate, with the reasoning in the note.",
     "muster show ascend-910c", LISTS, 1, 1, mu_verb_show},
    {"predict", "one deployment: step times, memory, throughput, power", "[SCENARIO]",
     "SCENARIO is a YAML or JSON file; flags override it. A deployment that is not said in full is "
     "completed by the best there is.",
     "muster predict --model llama-3.1-8b --system hgx-h100 --tp 1 --batch 32",
     QUESTIONS | MU_TAKES_FILE | MU_TAKES_EXPLAIN, 0, 1, mu_verb_predict},
    {"explain", "what an answer is made of: every term with its formula, and what moves it",
     "[predict|plan|match|cost|supply] [SCENARIO|..]",
     "The terms of an answer at its point, each with its formula, what moves it most, and the "
     "grade "
     "and source of that. Of a prediction, or a plan's best: rates, latencies, steps operator by "
     "operator, power, memory. Of a match the ratios and both sides, of a cost the bill, of a "
     "supply (of a chip) years, lines and yields; the verb's own arguments and flags follow its "
     "name. --term NAME shows one and all below it, and which facts and parameters move it. For "
     "what makes the interval, see --explain of the verbs.",
     "muster explain --model llama-3.1-8b --system hgx-h100 --tp 1 --batch 32 --term decode_step",
     QUESTIONS | MU_TAKES_FILE | MU_TAKES_TERMS, 0, 1, mu_verb_explain},
    {"plan", "the best deployments under the SLO, and the Pareto front", "[SCENARIO]",
     "Searches parallelism, batch, micro-batches, drafts and the ratio of prefill to decode. The "
     "best deployment serves most requests/s on the chips at hand within --ttft, --tpot and --e2e; "
     "the Pareto front weighs output tokens/s per chip against TPOT. --verify simulates the best "
     "of "
     "them request by request and says where the steady state was too hopeful; flags of what "
     "happens over time, such as --arrival and --policy, are for it.",
     "muster plan --model deepseek-r1 --system cloudmatrix-384 --tpot 50ms --svg front.svg",
     QUESTIONS | MU_TAKES_FILE | MU_TAKES_SVG | MU_TAKES_VERIFY | MU_TAKES_EXPLAIN, 0, 1,
     mu_verb_plan},
    {"compare", "systems side by side: peaks, and the workload on each at its best",
     "SYSTEM SYSTEM...", "Without --model only the peaks are shown.",
     "muster compare hgx-h200 cloudmatrix-384 --model deepseek-r1 --tpot 50ms", QUESTIONS, 1,
     MU_WITH_MAX, mu_verb_compare},
    {"match", "how many chips it takes to equal a system, and what that costs",
     "SYSTEM --with CHIP|SYSTEM",
     "Plans SYSTEM at its best under the SLO, then finds the smallest count of the other that "
     "yields as many output tokens/s under the same SLO. --chips is the size of SYSTEM. With --by "
     "only what "
     "is launched by then counts, and what can be made of it.",
     "muster match gb200-nvl72 --with cloudmatrix-384 --model deepseek-r1 --tpot 50ms",
     QUESTIONS | MU_TAKES_EXPLAIN | MU_TAKES_BY, 0, 1, mu_verb_match},
    {"simulate", "requests over time: latency percentiles, goodput, queues", "[SCENARIO]",
     "Serves made or recorded requests one by one, engine step by engine step. Without --rate and "
     "--trace so many clients as --concurrency says each send the next request when the last is "
     "answered. 32 draws make the 90 % intervals unless --uncertainty says otherwise.",
     "muster simulate --model llama-3.1-8b --system hgx-h100 --tp 1 --rate 2/s --requests 2000",
     QUESTIONS | MU_TAKES_FILE | MU_TAKES_SVG | MU_TAKES_TRAFFIC | MU_TAKES_EXPLAIN, 0, 1,
     mu_verb_simulate},
    {"fabric", "a system's networks: shape, bisection, cost; a collective on their wires", "SYSTEM",
     "Describes every network link by link, or runs a collective, a MoE exchange or your own "
     "schedule flow by flow: time, bus bandwidth and the hottest links, against the closed form "
     "and "
     "the bound, with parts broken or other traffic on the wires. 64 draws make the 90 % intervals "
     "unless --uncertainty says otherwise. Ranks are what software sees as devices.",
     "muster fabric cloudmatrix-384 --collective all-to-all --size 64MB --fail switch:0",
     LISTS | MU_TAKES_SVG | MU_TAKES_WIRES, 1, 1, mu_verb_fabric},
    {"supply", "how many of a chip can be made: wafers, yield, memory, packaging by month",
     "CHIP|FOUNDRY",
     "Gross dies a wafer, yield from defects, and the lines of foundries that have a share for the "
     "chip give chips a month and what there is too little of. --chips asks when so many exist; "
     "with --model the largest system of the chip (or --system) says what all of them serve. A "
     "FOUNDRY shows its lines, the chips on them, and what these chips would be without it.",
     "muster supply ascend-910c --by 2027-06 --chips 1000000 --svg supply.svg",
     QUESTIONS | MU_TAKES_SVG | MU_TAKES_SUPPLY | MU_TAKES_EXPLAIN, 1, 1, mu_verb_supply},
    {"cost", "what chips and tokens cost: owning, renting, break-even", "[SCENARIO|SYSTEM]",
     "The bill of owning a system: capital, a year, a chip-hour. With --model it predicts or plans "
     "as `predict` does and prices its tokens. --region says where it stands; facts of a region "
     "may "
     "be said instead. SCENARIO is a file whose name ends in .yaml, .yml or .json.",
     "muster cost hgx-h100 --region us --rent auto", QUESTIONS | MU_TAKES_COST | MU_TAKES_EXPLAIN,
     0, 1, mu_verb_cost},
    {"roadmap", "a vendor's chips and systems by launch, with what each serves", "VENDOR",
     "VENDOR is a name of the catalogue or its first word (huawei, baidu, metax). Announced ones "
     "are "
     "there, too. Tokens/s a chip are the best deployment of --model (llama-3.1-70b) within --tpot "
     "(50ms).",
     "muster roadmap huawei --svg roadmap.svg", QUESTIONS | MU_TAKES_SVG, 1, 1, mu_verb_roadmap},
    {"claims", "claims of the press, held against the twin", "[ID]",
     "Each claim is a question to the engine with a condition: it holds where the 90 % interval of "
     "the answer lies inside, fails where it lies outside, and is open where it straddles or "
     "public facts cannot tell. With an ID, the full working: every term, formula, fact and "
     "source. "
     "Claims of your own: a file `claims:` in --catalog (docs/claims.md).",
     "muster claims ascend-power --explain", LISTS | MU_TAKES_DRAWS | MU_TAKES_EXPLAIN, 0, 1,
     mu_verb_claims},
    {"validate", "predicted against measured, with the error table", "[CASES...]",
     "CASES are JSON lists of measured cases; without any, and without --ops, the published "
     "figures "
     "that muster ships with. Rows that parameters were fitted on are summed apart. 64 draws make "
     "the 90 % "
     "intervals unless --uncertainty says otherwise.",
     "muster validate --ops tables --json", LISTS | MU_TAKES_CASES, 0, MU_CLI_ARGUMENTS_MAX,
     mu_verb_validate},
    {"calibrate", "fit a chip's parameters to your own measurements", "TABLE... --chip ID",
     "TABLES are .csv or .csv.zst with a row an operator, as tools/measure writes them or as "
     "published by aiconfigurator and InferSim. Seven rows in ten are fitted on, errors are told "
     "on "
     "the rest. --output writes a calibration that --catalog takes. --system fits a network to "
     "tables of collectives, --engine an engine's profile to files of cases (`muster help "
     "validate`).",
     "muster calibrate gemm.csv attention.csv --chip ascend-910c --output own/910c.yaml",
     MU_TAKES_CATALOG | MU_TAKES_FIT, 1, MU_CLI_ARGUMENTS_MAX, mu_verb_calibrate},
    {"help", "help on a verb; the man page, completions and the schema", "[VERB]",
     "--man prints the man page, --completion bash|zsh|fish a completion script, --schema the JSON "
     "Schema of scenario files.",
     "muster help match", MU_TAKES_GENERATORS, 0, 1, mu_verb_help},
};

#define AT(field) offsetof(mu_cli, field)

static const mu_output_flag output_flags[] = {
    {"json", NULL, "print one JSON object", MU_TAKES_TABLES | MU_TAKES_FIT, false, AT(json), NULL},
    {"chip", "ID", "chip that the tables were measured on", MU_TAKES_FIT, false, AT(chip), NULL},
    {"system", "ID", "system that tables of collectives were measured on", MU_TAKES_FIT, false,
     AT(network), NULL},
    {"engine", "ID", "engine that the deployments of a file of cases ran on", MU_TAKES_FIT, false,
     AT(engine), NULL},
    {"as-is", NULL, "fit nothing: only errors and margins of what is there", MU_TAKES_FIT, false,
     AT(as_is), NULL},
    {"output", "FILE", "write the calibration (also -o FILE)", MU_TAKES_FIT, false, AT(output),
     NULL},
    {"csv", NULL, "print a CSV table", MU_TAKES_TABLES, false, AT(csv), NULL},
    {"svg", "FILE",
     "write a picture: the Pareto front, latency over time, the networks, or chips a month",
     MU_TAKES_SVG, false, AT(svg), NULL},
    {"html", "FILE", "write a page of its own: the picture and the tables", MU_TAKES_WIRES, false,
     AT(html), NULL},
    {"timeline", "FILE", "write the steps as trace events, for Perfetto", MU_TAKES_TRAFFIC, false,
     AT(timeline), NULL},
    {"requests-csv", "FILE", "write a row a request", MU_TAKES_TRAFFIC, false, AT(requests_csv),
     NULL},
    {"verify", NULL, "simulate the best plans request by request, beside their steady state",
     MU_TAKES_VERIFY, false, AT(verify), NULL},
    {"term", "NAME", "a term by name or path: decode_step, decode_step.host, power_w, ...",
     MU_TAKES_TERMS, false, AT(term), NULL},
    {"depth", "N", "levels of terms shown (default 3; all with --json and --csv)", MU_TAKES_TERMS,
     false, AT(depth), NULL},
    {"explain", NULL, "what the answer hangs on: which uncertain inputs, and what they are worth",
     MU_TAKES_EXPLAIN, false, AT(explain), NULL},
    {"explain-of", "METRIC", "the same of tpot_s, power_w, ... (default output_tokens_per_s)",
     MU_TAKES_EXPLAIN, false, AT(explain_of), NULL},
    {"explain-rows", "N", "how many inputs the table has at most (default 12, up to 32)",
     MU_TAKES_EXPLAIN, false, AT(explain_rows), NULL},
    {"collective", "WORD",
     "run all-reduce, reduce-scatter, all-gather, broadcast, all-to-all, point-to-point, dispatch "
     "or combine",
     MU_TAKES_WIRES, false, AT(net.collective),
     "all-reduce reduce-scatter all-gather broadcast all-to-all point-to-point dispatch combine"},
    {"size", "BYTES", "what a rank has of it, as NCCL counts (default 64 MB)", MU_TAKES_WIRES,
     false, AT(net.size), NULL},
    {"ranks", "LIST", "who takes part: 64, 0-63, 0-511:8 or 0,8,16 (default all)", MU_TAKES_WIRES,
     true, AT(net.ranks), NULL},
    {"algorithm", "WORD",
     "ring, tree, halving, direct, pairwise, hierarchical, rails or switch; auto = the fastest by "
     "the closed form",
     MU_TAKES_WIRES, false, AT(net.algorithm),
     "auto ring tree halving direct pairwise hierarchical rails switch"},
    {"routing", "WORD", "shortest, ecmp, spray, valiant or adaptive", MU_TAKES_WIRES, false,
     AT(net.routing), "shortest ecmp spray valiant adaptive"},
    {"fail", "PART[,PART...]",
     "break link:N, link:A-B, switch:N, chip:N or optics:N first; NETWORK/switch:N and KIND:N, too",
     MU_TAKES_WIRES, true, AT(net.fail), NULL},
    {"background", "FROM-TO[:WEIGHT][,...]",
     "other traffic without end between ranks; all-to-all:FIRST-LAST for all of them",
     MU_TAKES_WIRES, true, AT(net.background), NULL},
    {"inner", "N", "ranks of an inner group, where the algorithm has groups", MU_TAKES_WIRES, false,
     AT(net.inner), NULL},
    {"copies", "N", "so many of the same, side by side on the ranks that follow", MU_TAKES_WIRES,
     false, AT(net.copies), NULL},
    {"schedule", "FILE", "run your own moves: MSCCL XML (.xml) or JSON", MU_TAKES_WIRES, false,
     AT(schedule), NULL},
    {"topology", "FILE", "your own cables in place of the system's networks", MU_TAKES_WIRES, false,
     AT(topology), NULL},
    {"tokens", "N", "tokens a rank of dispatch and combine (default 128)", MU_TAKES_WIRES, false,
     AT(net.tokens), NULL},
    {"topk", "N", "experts a token goes to (default 8)", MU_TAKES_WIRES, false, AT(net.topk), NULL},
    {"experts", "N", "experts in all (default 256)", MU_TAKES_WIRES, false, AT(net.experts), NULL},
    {"token-bytes", "BYTES", "of one token on the wire (default 7168 B)", MU_TAKES_WIRES, false,
     AT(net.token_bytes), NULL},
    {"skew", "X", "the k-th most popular expert is chosen 1/k^X as often (default 0)",
     MU_TAKES_WIRES, false, AT(net.skew), NULL},
    {"low-latency", NULL, "every copy of a token straight to its expert, none forwarded",
     MU_TAKES_WIRES, false, AT(net.low_latency), NULL},
    {"by", "DATE", "until when, such as 2027-06, 2027Q2 or 2027 (default: the last dated fact)",
     MU_TAKES_SUPPLY | MU_TAKES_BY, false, AT(supply.by), NULL},
    {"from", "DATE", "count chips made from then on (default: the first dated fact)",
     MU_TAKES_SUPPLY, false, AT(supply.from), NULL},
    {"without", "FOUNDRY[,FOUNDRY...]", "leave these foundries out", MU_TAKES_SUPPLY, true,
     AT(supply.without), NULL},
    {"defect-density", "X", "killing defects a cm2, in every process and at all times",
     MU_TAKES_SUPPLY, false, AT(supply.defect_density), NULL},
    {"yield-model", "WORD", "poisson, murphy, seeds or negative-binomial (default)",
     MU_TAKES_SUPPLY, false, AT(supply.yield_model), "poisson murphy seeds negative-binomial"},
    {"alpha", "X", "of the negative binomial: small = defects in clusters", MU_TAKES_SUPPLY, false,
     AT(supply.alpha), NULL},
    {"scenario", "FILE", "scenario file; other flags override it", MU_TAKES_SCENARIO, false,
     AT(file), NULL},
    {"catalog", "DIR", "your own catalogue files over the built-in ones (or MUSTER_CATALOG)",
     MU_TAKES_CATALOG, false, AT(catalog), NULL},
    {"ops", "DIR", "tables of measured operator times (.csv, .csv.zst), a folder a chip",
     MU_TAKES_CASES, false, AT(ops), NULL},
    {"leave-out", "CHIP",
     "predict the rows of CHIP from what the other chips teach, as if it had no table",
     MU_TAKES_CASES, false, AT(leave_out), NULL},
    {"verb", "WORD", "what answers the cases of deployments: predict (steady state) or simulate",
     MU_TAKES_CASES | MU_TAKES_FIT, false, AT(verb), NULL},
    {"man", NULL, "print the man page", MU_TAKES_GENERATORS, false, AT(man), NULL},
    {"completion", "SHELL", "print a completion script for bash, zsh or fish", MU_TAKES_GENERATORS,
     false, AT(completion), NULL},
    {"schema", NULL, "print the JSON Schema of scenario files", MU_TAKES_GENERATORS, false,
     AT(schema), NULL},
    {"help", NULL, "print help on the verb", 0, false, AT(help), NULL},
};

const mu_verb *mu_verbs(uint32_t *count)
{
    *count = (uint32_t)(sizeof verbs / sizeof verbs[0]);
    return verbs;
}

const mu_output_flag *mu_output_flags(uint32_t *count)
{
    *count = (uint32_t)(sizeof output_flags / sizeof output_flags[0]);
    return output_flags;
}

bool mu_verb_explained(const char *word, mu_verb *out)
{
    static const char *const known[] = {"predict", "plan", "match", "cost", "supply"};
    const unsigned left_out =
        MU_TAKES_EXPLAIN | MU_TAKES_SVG | MU_TAKES_VERIFY | MU_TAKES_BY | MU_TAKES_DRAWS;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        for (size_t v = 0; strcmp(word, known[i]) == 0 && v < sizeof verbs / sizeof verbs[0]; v++) {
            if (strcmp(verbs[v].name, word) == 0) {
                *out = verbs[v];
                out->takes = (verbs[v].takes & ~left_out) | MU_TAKES_TERMS;
                out->run = mu_verb_explain;
                return true;
            }
        }
    }
    return false;
}

double mu_verb_samples(const mu_verb *verb, bool explains)
{
    if ((verb->takes & (MU_TAKES_CASES | MU_TAKES_WIRES)) != 0) {
        return MU_CASE_SAMPLES;
    }
    if (verb->run == mu_verb_simulate) {
        return explains ? MU_EXPLAINED_SIMULATION_SAMPLES : MU_SIMULATION_SAMPLES;
    }
    return mu_option_by_path("uncertainty.samples")->initial;
}

bool mu_verb_takes_option(const mu_verb *verb, const mu_option *option)
{
    if (option->of_cost) {
        return (verb->takes & MU_TAKES_COST) != 0;
    }
    if ((verb->takes & MU_TAKES_SCENARIO) != 0) {
        return !option->over_time || (verb->takes & (MU_TAKES_TRAFFIC | MU_TAKES_VERIFY)) != 0;
    }
    bool of_the_run =
        strncmp(option->path, "uncertainty.", 12) == 0 || strcmp(option->path, "threads") == 0;
    bool fits = (verb->takes & MU_TAKES_FIT) != 0 && strcmp(option->path, "threads") == 0;
    bool wires = (verb->takes & MU_TAKES_WIRES) != 0 && strcmp(option->path, "system.chips") == 0;
    return fits || wires ||
           ((verb->takes & (MU_TAKES_CASES | MU_TAKES_WIRES | MU_TAKES_DRAWS)) != 0 && of_the_run);
}

mu_status mu_verb_find(const char *name, const mu_verb **out, mu_error *err)
{
    const char *names[NAMES_MAX];
    uint32_t count = 0;
    const mu_verb *rows = mu_verbs(&count);
    assert(count <= NAMES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = rows[i].name;
        if (strcmp(name, rows[i].name) == 0) {
            *out = &rows[i];
            return MU_OK;
        }
    }
    const char *near = mu_text_nearest(name, names, count);
    if (near != NULL) {
        return mu_fail(err, MU_E_USAGE, "unknown verb \"%.64s\"; did you mean \"%s\"?", name, near);
    }
    return mu_fail(err, MU_E_USAGE, "unknown verb \"%.64s\"; `muster help` lists them", name);
}
