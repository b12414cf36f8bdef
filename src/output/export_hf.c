// SPDX-License-Identifier: Apache-2.0
//
// hf: a folder that datasets.load_dataset reads and the Hugging Face hub shows: data/<part>-00000-of-00001.parquet
// and README.md, the dataset's card with its YAML: every feature with its type, and the rows and bytes of each part.
#include "base/json.h"
#include "output/export_formats.h"

static bool begin(ExportFile *f, Error *e) { return export_parquet.begin(f, e); }
static bool row(ExportFile *f, const ExportRow *row, Error *e) { return export_parquet.row(f, row, e); }
static bool end(ExportFile *f, Error *e) { return export_parquet.end(f, e); }
static void close_file(ExportFile *f) { export_parquet.close(f); }

static void add_typed(Buf *b, const char *indent, Str name, const char *type)
{
    buf_printf(b, "%s- name: ", indent);
    json_write_string(b, name);  // a JSON string is a YAML string
    buf_printf(b, "\n%s  dtype: %s\n", indent, type);
}

static void add_feature(Buf *b, const char *indent, Str name) { add_typed(b, indent, name, "string"); }

static void add_label(Buf *b, Str raw_key, ExportType type)
{
    static const char *const types[] = {[EXPORT_NULL] = "string", [EXPORT_FLAG] = "bool", [EXPORT_WHOLE] = "int64",
                                        [EXPORT_REAL] = "float64", [EXPORT_TEXT] = "string"};
    Buf name = {0};
    json_slice_text(&name, raw_key);
    add_typed(b, "    ", buf_str(&name), types[type]);
    buf_free(&name);
}

static void add_features(Buf *b, const ExportPlan *plan)
{
    static const char *const facts[] = {"id", "split", "source", "topic", "document", "template"};
    buf_add(b, S("  features:\n  - name: messages\n    list:\n"));
    add_feature(b, "    ", S("role"));
    add_feature(b, "    ", S("content"));
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) add_feature(b, "  ", str_from(facts[i]));
    if (plan->n_labels) buf_add(b, S("  - name: labels\n    struct:\n"));
    for (size_t i = 0; i < plan->n_labels; i++) add_label(b, plan->labels[i].key, plan->labels[i].type);
    if (plan->n_turn_labels) buf_add(b, S("  - name: turn_labels\n    list:\n"));
    for (size_t i = 0; i < plan->n_turn_labels; i++) add_label(b, plan->turn_labels[i], EXPORT_TEXT);
    add_feature(b, "  ", S("metadata"));
}

static const char *size_category(uint64_t rows)
{
    static const struct {
        uint64_t below;
        const char *name;
    } sizes[] = {{1000, "n<1K"}, {10000, "1K<n<10K"}, {100000, "10K<n<100K"}, {1000000, "100K<n<1M"}, {10000000, "1M<n<10M"}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (rows < sizes[i].below) return sizes[i].name;
    return "10M<n<100M";
}

static void add_yaml(Buf *b, const ExportPlan *plan, const ExportFile *files, uint64_t rows, uint64_t bytes)
{
    uint64_t unpacked = 0;
    buf_add(b, S("---\npretty_name: "));
    json_write_string(b, plan->project);
    buf_printf(b, "\ntask_categories:\n- text-generation\ntags:\n- conversational\n- synthetic\n- confab\n"
                  "size_categories:\n- %s\nconfigs:\n- config_name: default\n  data_files:\n", size_category(rows));
    for (size_t i = 0; i < plan->n_parts; i++) {
        Buf path = {0};
        export_part_path(plan, i, &path);
        buf_add(b, S("  - split: "));
        json_write_string(b, plan->parts[i]);
        buf_add(b, S("\n    path: "));
        json_write_string(b, buf_str(&path));
        buf_add_char(b, '\n');
        buf_free(&path);
    }
    buf_add(b, S("dataset_info:\n"));
    add_features(b, plan);
    buf_add(b, S("  splits:\n"));
    for (size_t i = 0; i < plan->n_parts; i++) {
        buf_add(b, S("  - name: "));
        json_write_string(b, plan->parts[i]);
        buf_printf(b, "\n    num_bytes: %llu\n    num_examples: %llu\n", (unsigned long long)files[i].bytes,
                   (unsigned long long)files[i].rows);
        unpacked += files[i].bytes;
    }
    buf_printf(b, "  download_size: %llu\n  dataset_size: %llu\n---\n", (unsigned long long)bytes, (unsigned long long)unpacked);
}

static bool beside(const ExportPlan *plan, const ExportFile *files, Error *e)
{
    Buf b = {0};
    uint64_t rows = 0, bytes = 0;
    for (size_t i = 0; i < plan->n_parts; i++) {
        rows += files[i].rows;
        bytes += files[i].bytes;
    }
    add_yaml(&b, plan, files, rows, bytes);
    buf_printf(&b, "\n# %.*s\n\n%llu synthetic conversations", STR_ARG(plan->project), (unsigned long long)rows);
    if (plan->model.len) buf_printf(&b, ", written by %.*s", STR_ARG(plan->model));
    buf_printf(&b, " with confab %.*s.\n\n| part | conversations |\n|---|---|\n", STR_ARG(plan->confab));
    for (size_t i = 0; i < plan->n_parts; i++)
        buf_printf(&b, "| %.*s | %llu |\n", STR_ARG(plan->parts[i]), (unsigned long long)files[i].rows);
    buf_add(&b, S("\n`messages` is what a chat template takes. `labels` are what was drawn for a conversation or asked of the "
                  "model with it"));
    if (plan->n_turn_labels) buf_add(&b, S(", `turn_labels` those of each message"));
    buf_add(&b, S("; `source` is `generated` or `handwritten`; `metadata` is JSON: run, index, attempt, "
                  "parameters, and the passages a conversation was made from.\n\n"
                  "```python\nfrom datasets import load_dataset\ndataset = load_dataset(\"PATH/OF/THIS/FOLDER\")\n```\n"));
    bool ok = export_write_beside(plan, "README.md", buf_str(&b), e);
    buf_free(&b);
    return ok;
}

const ExportFormat export_hf = {.name = "hf", .ending = ".parquet", .in_folder = "data/", .behind = "-00000-of-00001.parquet",
                                .folder = true, .begin = begin, .row = row, .end = end, .close = close_file, .beside = beside};
