// SPDX-License-Identifier: Apache-2.0
#include "output/dataset.h"

#include "base/file.h"

static bool write_rows(FileWriter *json, FileWriter *csv, const DatasetSource *source, uint64_t *rows, Error *e);
static bool path_is_free(const char *path, Error *e);

static bool set_path(char *out, const char *folder, const char *stamp, const char *ending, Error *e)
{
    int n = snprintf(out, DATASET_PATH_MAX, "%s/%s.%s", folder, stamp, ending);
    if (n > 0 && n < DATASET_PATH_MAX) return true;
    return error_set(e, ERROR_FILE, "file", "the path of the dataset is longer than %d bytes", DATASET_PATH_MAX - 1);
}

bool dataset_write(const char *folder, const char *stamp, Str csv_header, const DatasetSource *source, DatasetFiles *out,
                   Error *e)
{
    Error own;
    if (!e) e = &own;
    *out = (DatasetFiles){0};
    if (!set_path(out->json_path, folder, stamp, "json", e) || !set_path(out->csv_path, folder, stamp, "csv", e)) return false;
    FileWriter json = {.fd = -1}, csv = {.fd = -1};
    // Whatever can fail is behind us when the first file takes its place.
    bool ok = file_make_folders(folder, e) && path_is_free(out->json_path, e) && path_is_free(out->csv_path, e) &&
              file_writer_open(&json, out->json_path, e) && file_writer_open(&csv, out->csv_path, e) &&
              file_writer_add(&csv, csv_header, e) && write_rows(&json, &csv, source, &out->rows, e) &&
              file_writer_sync(&json, e) && file_writer_sync(&csv, e) && file_writer_close(&json, e) &&
              file_writer_close(&csv, e);
    file_writer_abandon(&json);
    file_writer_abandon(&csv);
    return ok;
}

// A rename would fail on a folder of that name, after the other file was in its place.
static bool path_is_free(const char *path, Error *e)
{
    if (!file_is_folder(path)) return true;
    error_set(e, ERROR_FILE, "file", "cannot write %s: it is a folder", path);
    return error_hint(e, "move it away");
}

static bool write_rows(FileWriter *json, FileWriter *csv, const DatasetSource *source, uint64_t *rows, Error *e)
{
    if (!file_writer_add(json, S("["), e)) return false;
    for (;;) {
        DatasetRow row = {0};
        e->kind = ERROR_NONE;
        if (!source->next(source->ctx, &row, e)) break;
        if (!file_writer_add(json, *rows ? S(",\n") : S("\n"), e) || !file_writer_add(json, row.record_json, e) ||
            !file_writer_add(csv, row.csv_rows, e))
            return false;
        ++*rows;
    }
    if (e->kind != ERROR_NONE) return false;
    return file_writer_add(json, *rows ? S("\n]\n") : S("]\n"), e);
}
