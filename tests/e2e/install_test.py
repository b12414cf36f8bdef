# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` puts program, manual page and completions where they are looked for."""
import os
import subprocess

import e2e


class Install(e2e.Case):
    def test_install(self):
        prefix = self.folder / "usr"
        subprocess.run([os.environ["CMAKE"], "--install", os.environ["BUILD"], "--prefix", prefix], check=True, capture_output=True,
                       timeout=e2e.PATIENCE)
        program = prefix / "bin/confab"
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=True, env=self.env).stdout
        self.assertTrue(said.startswith("confab "))
        self.assertTrue(os.access(prefix / "libexec/confab/confab-pdfium", os.X_OK))
        for name, text in (("share/man/man1/confab.1", ".TH CONFAB 1"), ("share/bash-completion/completions/confab", "complete -F"),
                           ("share/zsh/site-functions/_confab", "#compdef confab"),
                           ("share/fish/vendor_completions.d/confab.fish", "complete -c confab")):
            self.assertIn(text, (prefix / name).read_text(), name)


if __name__ == "__main__":
    e2e.main()
