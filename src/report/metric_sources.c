// SPDX-License-Identifier: Apache-2.0
#include "report/metric_sources.h"

const MetricSource metric_sources[] = {
    {"turns, words", "percentiles", "Half of all conversations have at most p50, 95 in a hundred at most p95.",
     "nearest rank (Hyndman, Fan 1996, definition 1)"},
    {"coverage.*", "coverage", "Values that came at least once, of all that could be drawn.", "a count; what could be drawn is read from the project as it is now"},
    {"entropy.*, evenness.*", "entropy, evenness",
     "Entropy of the values in bits; the most it could be is reached when all come equally often. Evenness is entropy divided by "
     "the most for the values that came.",
     "Shannon 1948; Pielou 1966"},
    {"distinct_1, distinct_2, distinct_3", "distinct-n",
     "Different runs of n words, divided by all. It falls as a dataset grows, so compare datasets of one size.",
     "Li et al., \u201CA Diversity-Promoting Objective Function for Neural Conversation Models\u201D, 2016; counted by Flajolet's adaptive sampling (1990), exact up to 98,000"},
    {"mattr_50", "MATTR", "Different words in a window of 50, averaged over all windows of conversations with at least 50 words.",
     "Covington, McFall, \u201CCutting the Gordian knot\u201D, 2010"},
    {"compression_ratio", "compression ratio",
     "Bytes of all texts divided by their compressed size (Zstandard, level 3). 2 to 3 is ordinary prose, more is repetition.",
     "Shaib et al., \u201CStandardizing the Measurement of Text Diversity\u201D, 2024 (who use gzip)"},
    {"repeated_5grams", "repeated 5-grams", "Runs of five words that came before in the dataset, of all.",
     "self-repetition: Salkar et al. 2022, Shaib et al. 2024"},
    {"new_5grams", "new 5-grams", "Of a hundred conversations' runs of five words, those that none before had. Where it nears 0, nothing new comes.",
     "as repeated 5-grams, over time"},
    {"self_bleu_4", "Self-BLEU",
     "BLEU-4 of each of 200 sampled conversations against the others, averaged. 0 is nothing in common, 1 is the same text again.",
     "Zhu et al., \u201CTexygen\u201D, 2018; BLEU: Papineni et al. 2002, smoothing 1 of Chen, Cherry 2014"},
    {"nearest_similarity, duplicate_similarity", "nearest similarity",
     "How like each of 1,000 sampled conversations is to the one of them it is most like: Jaccard index of their runs of five words.",
     "Broder 1997"},
    {"latency_p50, latency_p95", "latency", "From sending a request to the last byte of its answer.", "nearest rank, of a sample of 4,096 (Vitter 1985)"},
};

const size_t metric_source_count = sizeof metric_sources / sizeof *metric_sources;
