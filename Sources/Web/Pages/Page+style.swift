extension Page {
    /// The stylesheet of all pages: one column, dark and light, readable on a phone.
    static let stylesheet = """
        :root { color-scheme: light dark; --text: #1b1f24; --ground: #ffffff; --quiet: #555d66; --line: #d0d7de;
          --link: #0b57b0; --code: #f3f5f7; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --ground: #14171a; --quiet: #a9b1ba;
          --line: #3a4149; --link: #8ab8ff; --code: #1e2327; } }
        * { box-sizing: border-box; }
        body { margin: 0; color: var(--text); background: var(--ground); font: 1rem/1.55 system-ui, sans-serif; }
        main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
        h1, h2, h3, h4 { line-height: 1.25; margin: 2em 0 .5em; }
        h1 { margin-top: 0; }
        h2 { border-bottom: 1px solid var(--line); padding-bottom: .25em; }
        a { color: var(--link); }
        a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .9em; background: var(--code); }
        code { padding: .1em .25em; border-radius: .2em; }
        pre { padding: .75rem; border-radius: .4rem; overflow-x: auto; overflow-wrap: normal; }
        pre code { padding: 0; }
        table { border-collapse: collapse; width: 100%; margin: .5em 0 1em; font-size: .95em; }
        th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-top: 1px solid var(--line); }
        .quiet { color: var(--quiet); }
        .method { font-weight: 700; }
        summary { cursor: pointer; }
        @media (max-width: 40rem) { table, tbody, tr, td { display: block; width: 100%; } thead { position: absolute;
          clip-path: inset(50%); } tr { border-top: 1px solid var(--line); padding: .35rem 0; } td { border: 0; padding: .1rem 0; } }

        """
}
