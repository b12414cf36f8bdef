# SPDX-License-Identifier: Apache-2.0
"""confab search: passages by their words, best first; words are never a query language. And the same search where a
prompt holds several related passages."""
import json

import e2e


class Search(e2e.Case):
    def test_search(self):
        self.write("knowledge/brewing/sour.md", "A sour zesty cup wants a finer grind.\n")
        self.write("knowledge/brewing/milk.md", "Milk is steamed below seventy degrees.\n")
        hits = self.run_ok("search", "-p", "demo", "ZESTY", "grind", "--json").json()["hits"]
        self.assertEqual(hits[0]["document"], "brewing/sour.md")
        self.assertEqual(hits[0]["text"], "A sour zesty cup wants a finer grind.")
        self.assertGreater(hits[0]["score"], 0)
        self.assertNotIn("brewing/milk.md", [hit["document"] for hit in hits])
        self.assertEqual(hits, sorted(hits, key=lambda hit: -hit["score"]))
        self.assertIn("brewing/milk.md, chunk 1", self.run_ok("search", "-p", "demo", "steamed milk").out)
        self.assertIn("No passage", self.run_ok("search", "-p", "demo", "zebra").err)
        self.run_ok("search", "-p", "demo", '"AND NEAR( *')
        self.assert_error(self.confab("search", "-p", "demo"), 2, "usage")

    def test_words_that_all_have(self):
        """They count little, not nothing: the passage that says them most comes first."""
        for name, text in (("one", "The tea and the pot."), ("two", "The kettle sings on a stove."), ("three", "The cup, the tray, the spoon.")):
            self.write(f"knowledge/tea/{name}.txt", text + "\n")
        for name in ("brewing/espresso.md", "orders/delivery.txt"):
            (self.project / "knowledge" / name).unlink()
        hits = self.run_ok("search", "-p", "demo", "the", "--json").json()["hits"]
        self.assertEqual([hit["document"] for hit in hits], ["tea/three.txt", "tea/one.txt", "tea/two.txt"])
        self.assertGreater(hits[-1]["score"], 0.01)
        rare = self.run_ok("search", "-p", "demo", "the kettle", "--json").json()["hits"]
        self.assertEqual(rare[0]["document"], "tea/two.txt")

    def test_related_passages(self):
        self.write("config/chunk-strategy.json", '{"*": {"max_words": 12, "overlap": 5}}\n')
        self.write("config/drawing.json", '{"passages": 2}\n')
        self.write("knowledge/brewing/espresso.md", "Grind fine for espresso. Use eighteen grams always. The shot takes half a minute. "
                   "A sour shot wants finer grinding. Clean the basket after use. Warm cups keep it hot.\n")
        self.write("knowledge/brewing/filter.md", "Filter coffee takes longer than espresso. Rinse the paper first. Pour slowly in circles. "
                   "Sour filter coffee wants finer grinding. Drink it within an hour.\n")
        chunks = self.run_ok("chunks", "-p", "demo", "--json").json()["chunks"]
        text = {(chunk["document"], chunk["number"]): chunk["text"] for chunk in chunks}
        preview = self.run_ok("preview", "-p", "demo", "--seed", "3", "-i", "0,1,2,3,4,5,6,7", "--json").json()["items"]
        self.start_mock()
        self.run_ok("run", "-p", "demo", "-n", "8", "-x", "2", "--seed", "3", "--yes", "--dedup", "off")
        records = json.loads(self.generated(".json")[0].read_text())
        self.assertEqual(len(records), 8)
        joined = apart = 0
        for record, item in zip(sorted(records, key=lambda record: record["index"]), preview):
            passage, before = "", None
            self.assertEqual([chunk["id"] for chunk in record["chunks"]], item["drawn"]["chunks"])
            for chunk in record["chunks"]:
                self.assertTrue(chunk["document"].startswith(record["topic"] + "/"))
                own, gap = text[chunk["document"], chunk["number"]], "\n\n" if passage else ""
                if before and before["document"] == chunk["document"]:
                    self.assertLess(before["number"], chunk["number"])
                    if chunk["start"] < before["end"]:
                        own, gap = own[before["end"] - chunk["start"]:], ""
                passage += gap + own
                joined += before is not None and not gap
                apart += before is not None and bool(gap)
                before = chunk
            self.assertIn(f"Passage: {passage}\n", item["messages"][-1]["content"])
        self.assertGreater(joined, 0)
        self.assertGreater(apart, 0)


if __name__ == "__main__":
    e2e.main()
