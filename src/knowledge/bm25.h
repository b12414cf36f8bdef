// SPDX-License-Identifier: Apache-2.0
//
// BM25 for SQLite's FTS5 (Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009, with k1 1.2 and b 0.75),
// where a word that most rows have still counts a little: its weight is log(1 + (N - n + 0.5) / (n + 0.5)) for n of N
// rows, as in Lucene, which is above 0 for every n. FTS5's own lets such words count nothing.
#ifndef CONFAB_KNOWLEDGE_BM25_H
#define CONFAB_KNOWLEDGE_BM25_H

#include <sqlite3.h>
#include <stdbool.h>

// Makes relevance(TABLE) known to a connection: of a row that MATCHes, larger is better. False: sqlite3_errmsg.
bool bm25_register(sqlite3 *db);

#endif
