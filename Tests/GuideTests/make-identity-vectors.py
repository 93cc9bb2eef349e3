#!/usr/bin/env python3
"""Writes Tests/Fixtures/identity-vectors.json: cases checked by hand, digests computed here with hashlib.

The normalised form of each case is written down by a person, not computed: the fixture tests the SQL and the Swift
implementation, and is derived from neither.
"""
import hashlib
import json
import pathlib

NBSP = "\u00a0"
CASES = [
    # e-mail
    ("email", "ada@example.com", "ada@example.com"),
    ("email", "  Ada@Example.COM \t\r\n", "ada@example.com"),
    ("email", NBSP + "ada@example.com" + NBSP, "ada@example.com"),
    ("email", "\u000bada@example.com\u000c", "ada@example.com"),
    ("email", "ada.love.lace@gmail.com", "adalovelace@gmail.com"),
    ("email", "Ada.Lovelace+news@GoogleMail.com", "adalovelace@gmail.com"),
    ("email", "adalovelace+a+b@gmail.com", "adalovelace@gmail.com"),
    ("email", "+tag@gmail.com", None),
    ("email", "...@gmail.com", None),
    ("email", "ada.lovelace+news@example.com", "ada.lovelace+news@example.com"),
    ("email", "ada@mail.gmail.com", "ada@mail.gmail.com"),
    ("email", "ada@gmail.com.", "ada@gmail.com."),
    ("email", "jos\u00e9@example.com", "jos\u00e9@example.com"),
    ("email", "jose\u0301@example.com", "jos\u00e9@example.com"),
    ("email", "JOS\u00c9@EXAMPLE.COM", "jos\u00e9@example.com"),
    ("email", "JOSE\u0301@example.com", "jos\u00e9@example.com"),
    ("email", "\u0130stanbul@example.com", "i\u0307stanbul@example.com"),
    ("email", "I\u015eIK@example.com", "i\u015fik@example.com"),
    ("email", "\u039f\u0394\u039f\u03a3@example.com", "\u03bf\u03b4\u03bf\u03c3@example.com"),
    ("email", "STRASSE@example.de", "strasse@example.de"),
    ("email", "stra\u00dfe@example.de", "stra\u00dfe@example.de"),
    ("email", "\u1e9e@example.de", "\u00df@example.de"),
    ("email", "\u041f\u0440\u0438\u0432\u0435\u0442@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
     "\u043f\u0440\u0438\u0432\u0435\u0442@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444"),
    ("email", "\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd", "\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd"),
    ("email", "\U00010400@example.com", "\U00010428@example.com"),
    ("email", "\U0001f600@example.com", "\U0001f600@example.com"),
    ("email", "\u212a@example.com", "k@example.com"),
    ("email", "n/a", None),
    ("email", "", None),
    ("email", " \t" + NBSP, None),
    ("email", "ada", None),
    ("email", "@example.com", None),
    ("email", "ada@", None),
    ("email", "@", None),
    ("email", "a@b@example.com", None),
    ("email", "ada lovelace@example.com", None),
    ("email", "ada" + NBSP + "l@example.com", None),
    # phone
    ("phone", "+1 (555) 010-0199", "5550100199"),
    ("phone", "555-010-0199", "5550100199"),
    ("phone", "555.010.0199", "5550100199"),
    ("phone", "1 555 010 0199", "5550100199"),
    ("phone", "001 555 010 0199", "5550100199"),
    ("phone", "5550100199", "5550100199"),
    ("phone", "(555) 010-0199 ext. 42", "5550100199"),
    ("phone", "(555) 010-0199 EXT 42", "5550100199"),
    ("phone", "555-010-0199x42", "5550100199"),
    ("phone", "555-010-0199 X 42 ", "5550100199"),
    ("phone", "555-010-0199 #42", "5550100199"),
    ("phone", "tel:+1-555-010-0199;ext=42", "5550100199"),
    ("phone", "+44 (0)20 7946 0958", "442079460958"),
    ("phone", "0044 20 7946 0958", "442079460958"),
    ("phone", "+49 30 901820", "4930901820"),
    ("phone", "+33 1 23 45 67 89", "33123456789"),
    ("phone", "12345678901", "2345678901"),
    ("phone", "21234567890", "21234567890"),
    ("phone", "0020 7946 0958", "2079460958"),
    ("phone", NBSP + "555" + NBSP + "010" + NBSP + "0199", "5550100199"),
    ("phone", "1234567", "1234567"),
    ("phone", "123456", None),
    ("phone", "123456789012345", "123456789012345"),
    ("phone", "1234567890123456", None),
    ("phone", "0000000000", None),
    ("phone", "999-999-9999", None),
    ("phone", "+1 111 111 1111", None),
    ("phone", "n/a", None),
    ("phone", "x123456789", None),
    ("phone", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667", None),
    ("phone", "", None),
    ("phone", "   ", None),
    # company
    ("company", "Acme", "acme"),
    ("company", "Acme Inc.", "acme"),
    ("company", "ACME", "acme"),
    ("company", "Acme, Inc", "acme"),
    ("company", "Acme L.L.C.", "acme"),
    ("company", "Acme Co., Ltd.", "acme"),
    ("company", "Acme Holding GmbH & Co. KG", "acme holding gmbh and"),
    ("company", "Smith & Sons", "smith and sons"),
    ("company", "Smith and Sons", "smith and sons"),
    ("company", "AT&T Inc.", "at and t"),
    ("company", "O'Reilly Media", "oreilly media"),
    ("company", "O\u2019Reilly Media", "oreilly media"),
    ("company", "  Acme \t\n  Widgets ", "acme widgets"),
    ("company", "Acme" + NBSP + "Widgets", "acme widgets"),
    ("company", "Acme-Widgets/Europe (Holding)", "acme widgets europe holding"),
    ("company", "Inc", "inc"),
    ("company", "Co. Ltd.", "co"),
    ("company", "Caf\u00e9 Z\u00fcrich AG", "caf\u00e9 z\u00fcrich"),
    ("company", "Cafe\u0301 Zu\u0308rich AG", "caf\u00e9 z\u00fcrich"),
    ("company", "\u0130stanbul A.S.", "i\u0307stanbul"),
    ("company", "\u039f\u03a3\u03a3 \u0391.\u0395.", "\u03bf\u03c3\u03c3 \u03b1\u03b5"),
    ("company", "\u682a\u5f0f\u4f1a\u793e\u4f8b", "\u682a\u5f0f\u4f1a\u793e\u4f8b"),
    ("company", "a|b_c~d`e^f", "a b c d e f"),
    ("company", "\\[x]{y}", "x y"),
    ("company", "Acme \u2014 Widgets", "acme \u2014 widgets"),
    ("company", "n/a", "n a"),
    ("company", "...", None),
    ("company", "- / -", None),
    ("company", "", None),
    ("company", " " + NBSP, None),
]

vectors = [
    {
        "kind": kind,
        "input": text,
        "normalised": normalised,
        "sha256": normalised and hashlib.sha256(f"{kind}:{normalised}".encode()).hexdigest(),
    }
    for kind, text, normalised in CASES
]
path = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "identity-vectors.json"
path.write_text("[\n" + ",\n".join("  " + json.dumps(v) for v in vectors) + "\n]\n")
print(f"{len(vectors)} vectors in {path.name}")
