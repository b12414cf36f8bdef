# SPDX-License-Identifier: Apache-2.0
"""confab search: passages by their words, best first; words are never a query language."""
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


if __name__ == "__main__":
    e2e.main()
