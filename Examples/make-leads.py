#!/usr/bin/env python3
"""Makes leads.csv: 10,000 leads of twelve partners, as messy as such files are.

Nobody in it exists. Addresses end in domains that are reserved for examples, telephone numbers come from the ranges
that regulators keep for fiction, and the few addresses at gmail.com begin with "switchyard.fiction". States, sectors,
size and revenue bands are real lists, because rules are written against them.

The same seed makes the same bytes on every machine: python3 Examples/make-leads.py
"""

import csv
import io
import random
import sys
import unicodedata
from pathlib import Path

ROWS = 10_000
DUPLICATES = 700
WRONG_WIDTH = 30
NO_IDENTITY = 35
BAD_EMAIL = 30
NO_SUCH_WORKSPACE = 5
# A duplicate that is not its original's neighbour comes at least this many rows later, so that batches of any usual
# size that are decided side by side still see them in order: the same duplicate comes first in every run.
DISTANCE = 2_600

COLUMNS = [
    "workspace", "email", "phone", "first_name", "last_name", "company_name", "industry", "company_size", "revenue",
    "country", "state", "city", "source", "source_id", "notes",
]

WORKSPACES = [
    ("Harbor Lane Media", 16), ("Bluefin Partners", 14), ("Copperfield Growth", 12), ("Prairie Signal", 11),
    ("Tallgrass Referrals", 10), ("Atlas Inbound", 9), ("Keystone Introductions", 8), ("Lumen Outreach", 8),
    ("Redwood Sales West", 4), ("Gulfshore Sales South", 3), ("Lakeland Accounts", 3), ("Summit Enterprise Desk", 2),
]

# NAICS, the twenty sectors.
INDUSTRIES = [
    "Agriculture, Forestry, Fishing and Hunting", "Mining, Quarrying, and Oil and Gas Extraction", "Utilities",
    "Construction", "Manufacturing", "Wholesale Trade", "Retail Trade", "Transportation and Warehousing",
    "Information", "Finance and Insurance", "Real Estate and Rental and Leasing",
    "Professional, Scientific, and Technical Services", "Management of Companies and Enterprises",
    "Administrative and Support and Waste Management and Remediation Services", "Educational Services",
    "Health Care and Social Assistance", "Arts, Entertainment, and Recreation", "Accommodation and Food Services",
    "Other Services (except Public Administration)", "Public Administration",
]
INDUSTRY_WEIGHTS = [2, 1, 1, 7, 9, 6, 8, 4, 11, 9, 4, 14, 1, 4, 4, 9, 2, 5, 4, 1]
SIZES = ["1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+"]
SIZE_WEIGHTS = [24, 26, 20, 11, 7, 7, 3, 2]
REVENUES = ["<$1M", "$1M-$10M", "$10M-$50M", "$50M-$100M", "$100M-$500M", "$500M-$1B", "$1B+"]

STATES = {
    "AL": ("Alabama", "Birmingham|Huntsville"), "AK": ("Alaska", "Anchorage|Juneau"),
    "AZ": ("Arizona", "Phoenix|Tucson|Mesa"), "AR": ("Arkansas", "Little Rock|Fayetteville"),
    "CA": ("California", "Los Angeles|San Diego|San José|Oakland|Fresno"), "CO": ("Colorado", "Denver|Boulder"),
    "CT": ("Connecticut", "Hartford|New Haven"), "DE": ("Delaware", "Wilmington|Dover"),
    "DC": ("District of Columbia", "Washington"), "FL": ("Florida", "Miami|Tampa|Orlando|St. Petersburg"),
    "GA": ("Georgia", "Atlanta|Savannah"), "HI": ("Hawaii", "Honolulu|Hilo"), "ID": ("Idaho", "Boise"),
    "IL": ("Illinois", "Chicago|Springfield|Peoria"), "IN": ("Indiana", "Indianapolis|Fort Wayne"),
    "IA": ("Iowa", "Des Moines|Cedar Rapids"), "KS": ("Kansas", "Wichita|Topeka"),
    "KY": ("Kentucky", "Louisville|Lexington"), "LA": ("Louisiana", "New Orleans|Baton Rouge"),
    "ME": ("Maine", "Portland|Bangor"), "MD": ("Maryland", "Baltimore|Annapolis"),
    "MA": ("Massachusetts", "Boston|Worcester|Cambridge"), "MI": ("Michigan", "Detroit|Grand Rapids"),
    "MN": ("Minnesota", "Minneapolis|Saint Paul"), "MS": ("Mississippi", "Jackson"),
    "MO": ("Missouri", "Kansas City|St. Louis"), "MT": ("Montana", "Billings|Missoula"),
    "NE": ("Nebraska", "Omaha|Lincoln"), "NV": ("Nevada", "Las Vegas|Reno"),
    "NH": ("New Hampshire", "Manchester|Nashua"), "NJ": ("New Jersey", "Newark|Jersey City"),
    "NM": ("New Mexico", "Albuquerque|Santa Fe"), "NY": ("New York", "New York|Buffalo|Rochester|Albany"),
    "NC": ("North Carolina", "Charlotte|Raleigh|Durham"), "ND": ("North Dakota", "Fargo|Bismarck"),
    "OH": ("Ohio", "Columbus|Cleveland|Cincinnati"), "OK": ("Oklahoma", "Oklahoma City|Tulsa"),
    "OR": ("Oregon", "Portland|Eugene|Salem"), "PA": ("Pennsylvania", "Philadelphia|Pittsburgh"),
    "RI": ("Rhode Island", "Providence"), "SC": ("South Carolina", "Charleston|Columbia"),
    "SD": ("South Dakota", "Sioux Falls"), "TN": ("Tennessee", "Nashville|Memphis|Knoxville"),
    "TX": ("Texas", "Houston|Dallas|Austin|San Antonio|El Paso"), "UT": ("Utah", "Salt Lake City|Provo"),
    "VT": ("Vermont", "Burlington"), "VA": ("Virginia", "Richmond|Norfolk|Arlington"),
    "WA": ("Washington", "Seattle|Spokane|Tacoma"), "WV": ("West Virginia", "Charleston|Morgantown"),
    "WI": ("Wisconsin", "Milwaukee|Madison"), "WY": ("Wyoming", "Cheyenne|Casper"),
}
LARGE_STATES = {"CA": 12, "TX": 9, "FL": 7, "NY": 6, "PA": 4, "IL": 4, "OH": 4, "GA": 4, "NC": 4, "MI": 3, "WA": 3}

COUNTRIES = [
    (["Canada", "CA", "CAN"], [("Ontario", "Toronto"), ("Québec", "Montréal"), ("British Columbia", "Vancouver"), ("AB", "Calgary")], 6),
    (["United Kingdom", "UK", "GB", "Great Britain"], [("England", "London"), ("Scotland", "Edinburgh"), ("Wales", "Cardiff")], 5),
    (["Germany", "DE", "Deutschland"], [("Bavaria", "München"), ("Bayern", "Nürnberg"), ("Berlin", "Berlin"), ("Hessen", "Frankfurt")], 4),
    (["France", "FR", "FRA"], [("Île-de-France", "Paris"), ("Occitanie", "Toulouse")], 2),
    (["Australia", "AU"], [("NSW", "Sydney"), ("WA", "Perth"), ("Victoria", "Melbourne")], 2),
    (["Mexico", "México", "MX"], [("Jalisco", "Guadalajara"), ("Nuevo León", "Monterrey")], 2),
    (["Japan", "JP", "日本"], [("東京都", "東京"), ("Osaka", "大阪")], 1),
    (["India", "IN"], [("Karnataka", "Bengaluru"), ("Maharashtra", "Mumbai")], 2),
    (["Brazil", "Brasil", "BR"], [("São Paulo", "São Paulo"), ("Paraná", "Curitiba")], 1),
]

# First name, last name, and both in letters that any mail server takes.
NAMES = [
    ("Ann", "Lee", "ann", "lee"), ("James", "O'Connor", "james", "oconnor"), ("María", "García", "maria", "garcia"),
    ("José", "Núñez", "jose", "nunez"), ("Zoë", "Müller", "zoe", "mueller"), ("François", "Lefèvre", "francois", "lefevre"),
    ("Søren", "Ångström", "soren", "angstrom"), ("Łukasz", "Wójcik", "lukasz", "wojcik"), ("Jiří", "Dvořák", "jiri", "dvorak"),
    ("Ayşe", "Yılmaz", "ayse", "yilmaz"), ("İbrahim", "Öztürk", "ibrahim", "ozturk"), ("Nguyễn", "Văn Minh", "nguyen", "vanminh"),
    ("Мария", "Иванова", "maria", "ivanova"), ("Олександр", "Шевченко", "oleksandr", "shevchenko"),
    ("Γιώργος", "Παπαδόπουλος", "giorgos", "papadopoulos"), ("محمد", "الأحمد", "mohammed", "alahmad"), ("שרה", "כהן", "sara", "cohen"),
    ("田中", "太郎", "taro", "tanaka"), ("王", "小明", "xiaoming", "wang"), ("김", "민준", "minjun", "kim"), ("อรุณ", "ศรีสุข", "arun", "srisuk"),
    ("प्रिया", "शर्मा", "priya", "sharma"), ("Adaeze", "Okonkwo", "adaeze", "okonkwo"), ("Kwame", "Mensah", "kwame", "mensah"),
    ("Siobhán", "Ní Bhriain", "siobhan", "nibhriain"), ("Robert", "Smith", "robert", "smith"), ("Linda", "Johnson", "linda", "johnson"),
    ("Michael", "Brown", "michael", "brown"), ("Patricia", "Davis", "patricia", "davis"), ("David", "Martinez", "david", "martinez"),
    ("Jennifer", "Wilson", "jennifer", "wilson"), ("Emily", "Nguyen", "emily", "nguyen"), ("Carlos", "Hernández", "carlos", "hernandez"),
    ("Fatima", "Khan", "fatima", "khan"), ("Grace", "van der Berg", "grace", "vanderberg"), ("Noah", "Schröder", "noah", "schroeder"),
]
COMPANY_FIRST = [
    "Cedar", "Granite", "Silver", "Maple", "Northgate", "Bright", "Iron", "Cobalt", "Juniper", "Meridian", "Falcon",
    "Harvest", "Orchard", "Pioneer", "Quarry", "Riverbend", "Stonebridge", "Timber", "Vista", "Willow", "Zephyr",
    "Ångstrom", "São Bento", "Bücher", "Señorial", "東方", "Северный",
]
COMPANY_SECOND = [
    "Analytics", "Builders", "Care", "Dynamics", "Energy", "Foods", "Freight", "Gardens", "Health", "Interiors", "Labs",
    "Logistics", "Machines", "Networks", "Optics", "Packaging", "Robotics", "Software", "Systems", "Tools", "Ventures",
]
LEGAL = ["", "", "", " Inc", ", Inc.", " LLC", " Ltd", " Corp.", " Company", " & Co.", " GmbH", " S.A."]
SOURCES = ["webinar", "trade show", "web form", "referral", "cold call", "paid search", "Messe München"]
NOTES = [
    "Asked for a demo", "Wants a call after 5 pm, \"not before\"", "Met at the booth;\nsecond visit", "=budget approved",
    "Speaks Spanish, prefers e-mail", "Line one\nLine two, with a comma\n\nLine four", "+1 from the account team", "😀 very keen",
    "Said: \"call my assistant, please\"", "Tab\there", "‘quoted’ “twice”", "n/a", "See ticket #4711",
]
AREA_CODES = [
    code for code in range(201, 990) if code % 100 not in (0, 11) and code // 10 % 10 != 9 and code not in (456, 500, 555, 600, 700, 710, 800, 822, 833, 844, 855, 866, 877, 888, 900)
]


class Maker:
    """Makes rows that are new persons, from one random source, and remembers what it gave away."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0
        self.phones = set()
        self.companies = set()

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def us_phone(self):
        """The ten digits of a number that is kept for fiction: 555-0100 to 555-0199 of any area."""
        while True:
            digits = f"{self.random.choice(AREA_CODES)}55501{self.random.randrange(100):02d}"
            if digits not in self.phones:
                self.phones.add(digits)
                return digits

    def uk_phone(self):
        """The digits after the 0 of a London number that is kept for drama: 020 7946 0000 to 0999."""
        while True:
            digits = f"2079460{self.random.randrange(1000):03d}"
            if digits not in self.phones:
                self.phones.add(digits)
                return digits

    def write_phone(self, digits):
        if digits.startswith("2079460") and len(digits) == 10:
            rest = f"{digits[2:6]} {digits[6:]}"
            return self.random.choice([f"+44 (0)20 {rest}", f"+44 20 {rest}", f"0044 20 {rest}", f"+4420{digits[2:]}"])
        area, middle, last = digits[:3], digits[3:6], digits[6:]
        text = self.random.choice([
            f"({area}) {middle}-{last}", f"{area}-{middle}-{last}", f"+1 {area} {middle} {last}", f"{area}.{middle}.{last}",
            f"1{digits}",
        ])
        if self.chance(4):
            text += self.random.choice([" ext. 12", " x7", " EXT 301", " #44"])
        return text

    def company(self):
        """A name that no other call gives, and the same name as another partner might write it."""
        while True:
            name = f"{self.random.choice(COMPANY_FIRST)} {self.random.choice(COMPANY_SECOND)}"
            if self.chance(60):
                name += f" {self.random.choice(COMPANY_SECOND)}"
            if name not in self.companies:
                self.companies.add(name)
                return name
            if self.chance(30):
                self.companies.add(f"{name} {len(self.companies)}")
                return f"{name} {len(self.companies)}"

    def email(self, first, last):
        number = self.count
        kind = self.random.random()
        if kind < 0.05:
            local = f"switchyard.fiction.{first}{number}"
            return f"{local}@gmail.com"
        if kind < 0.08:
            # Addresses in other scripts are allowed since RFC 6531.
            return f"{self.random.choice(['josé', 'zoë', 'müller', 'иван', 'νίκος'])}.{number}@bücher.example"
        domain = self.random.choice([
            "example.com", "example.org", "example.net", "mail.example", "acme.example", "granite.test", "cedar.test",
        ])
        local = self.random.choice([f"{first}.{last}{number}", f"{first[0]}{last}{number}", f"{first}{number}+trade"])
        address = f"{local}@{domain}"
        return address.title() if self.chance(10) else address

    def place(self):
        """Country, state and city, as people fill them in."""
        if self.chance(76):
            code = self.random.choices(list(STATES), [LARGE_STATES.get(code, 2) for code in STATES])[0]
            name, cities = STATES[code]
            state = self.random.choice([code, code, name, code.lower(), f" {name} "])
            country = self.random.choice(["US", "US", "USA", "United States", "united states", "U.S.", ""])
            return country, state, self.random.choice(cities.split("|"))
        countries, states, _ = self.random.choices(COUNTRIES, [weight for _, _, weight in COUNTRIES])[0]
        state, city = self.random.choice(states)
        return self.random.choice(countries), state, city

    def size(self, size):
        return self.random.choice([size, size, size, size.replace("-", "–")])

    def row(self):
        """A lead that shares no identity with any other."""
        self.count += 1
        first, last, plain_first, plain_last = self.random.choice(NAMES)
        country, state, city = self.place()
        industry = self.random.choices(INDUSTRIES, INDUSTRY_WEIGHTS)[0]
        size = self.random.choices(SIZES, SIZE_WEIGHTS)[0]
        revenue = REVENUES[min(len(REVENUES) - 1, max(0, SIZES.index(size) - self.random.randrange(3)))]
        company = self.company() + self.random.choice(LEGAL)
        row = dict(
            workspace=self.sender(), email=self.email(plain_first, plain_last), phone="", first_name=first, last_name=last,
            company_name=company, industry=industry, company_size=self.size(size), revenue=revenue, country=country,
            state=state, city=city, source=self.random.choice(SOURCES), source_id=f"L-{self.count:06d}", notes="",
        )
        row["_phone"] = ""
        if self.chance(70):
            is_british = country in COUNTRIES[1][0] and len([p for p in self.phones if p.startswith("2079460")]) < 800
            row["_phone"] = self.uk_phone() if is_british else self.us_phone()
            row["phone"] = self.write_phone(row["_phone"])
        kind = self.random.random()
        if kind < 0.06 and row["phone"]:
            row["email"] = ""
        elif kind < 0.09:
            row.update(email="", phone="", _phone="", first_name="", last_name="")
        elif kind < 0.11:
            row["phone"] = self.random.choice(["n/a", "unknown", "-", "0000000000"])
            row["_phone"] = ""
        for column, percent in [("industry", 8), ("company_size", 9), ("revenue", 22), ("state", 5), ("city", 10), ("source", 12)]:
            if self.chance(percent):
                row[column] = ""
        if row["email"] and self.chance(12):
            row["company_name"] = ""
        if self.chance(3):
            row["industry"] = row["industry"].upper()
        if self.chance(2) and row["company_name"]:
            row["company_name"] = row["company_name"].replace(" ", "\n", 1)
        if self.chance(35):
            row["notes"] = self.random.choice(NOTES)
        return self.respell(row)

    def sender(self):
        name = self.random.choices([name for name, _ in WORKSPACES], [weight for _, weight in WORKSPACES])[0]
        return name if self.chance(70) else name.lower()

    def respell(self, row):
        """Leaves a row as it is, or decomposes it, or types blanks around its values."""
        form = "NFD" if self.chance(6) else "NFC"
        for column in ("email", "first_name", "last_name", "company_name", "state", "city"):
            row[column] = unicodedata.normalize(form, row[column])
        if self.chance(4):
            column = self.random.choice(["email", "first_name", "company_name", "industry"])
            if row[column]:
                row[column] = self.random.choice([" {}", "{} ", "\u00a0{}", "{}\t"]).format(row[column])
        return row

    def again(self, row):
        """The same lead, as another partner (or the same one, later) sends it."""
        self.count += 1
        copy = dict(row, source_id=f"L-{self.count:06d}", workspace=self.sender(), notes="", source=self.random.choice(SOURCES))
        email = row["email"].strip()
        if email and row["_phone"] and self.chance(35):
            # The same telephone, another address or none.
            copy["email"] = self.random.choice(["", f"other.{self.count}@example.net"])
            copy["phone"] = self.write_phone(row["_phone"])
        elif email:
            copy["phone"] = self.random.choice(["", row["phone"]])
            local, domain = email.split("@")
            if domain.lower() == "gmail.com":
                letters = local.replace(".", "")
                middle = self.random.randrange(3, len(letters) - 2)
                email = f"{letters[:middle]}.{letters[middle:]}+list@{self.random.choice(['gmail.com', 'googlemail.com'])}"
            else:
                email = self.random.choice([email.upper(), email.lower(), f" {email}", unicodedata.normalize("NFD", email)])
            copy["email"] = email
        elif row["_phone"]:
            copy["phone"] = self.write_phone(row["_phone"])
        else:
            name = " ".join(row["company_name"].split())
            for ending in (", Inc.", " Inc", " LLC", " Ltd", " Corp.", " Company", " GmbH"):
                name = name.removesuffix(ending)
            copy["company_name"] = self.random.choice([f"{name} LLC", f"{name}, Inc.", f"  {name.upper()} ", f"{name} Ltd."])
        if self.chance(30):
            copy["industry"] = self.random.choice(INDUSTRIES)
        if self.chance(20):
            copy["state"] = ""
        return copy

    def invalid(self, kind):
        """A row that the import rejects, and the reason."""
        row = self.row()
        if kind == "no identity":
            row.update(email="", phone=self.random.choice(["", "n/a", "12345"]), company_name=self.random.choice(["", "...", " - "]))
        elif kind == "bad email":
            row["email"] = self.random.choice(["not an address", "two@at@example.com", "name@", "@example.com", "name@example..com", "a b@example.com"])
        elif kind == "no such workspace":
            row["workspace"] = self.random.choice(["Harbour Lane", "Unknown Partner", "test"])
        values = [row[column] for column in COLUMNS]
        if kind == "wrong width":
            values = values[:-2] if self.chance(50) else values + ["surplus"]
        return values


def make():
    maker = Maker(20260131)
    adjacent = 40
    invalid = (
        ["wrong width"] * WRONG_WIDTH + ["no identity"] * NO_IDENTITY + ["bad email"] * BAD_EMAIL
        + ["no such workspace"] * NO_SUCH_WORKSPACE
    )
    originals = [maker.row() for _ in range(ROWS - DUPLICATES - len(invalid))]
    placed = [(float(place), [row[column] for column in COLUMNS]) for place, row in enumerate(originals)]
    last = len(originals)
    for place in maker.random.sample(range(last - DISTANCE - 100), DUPLICATES - adjacent):
        later = maker.random.uniform(place + DISTANCE, last)
        copy = maker.again(originals[place])
        placed.append((later, [copy[column] for column in COLUMNS]))
    # The same row twice in a row, as files have it: whichever comes first goes to the same place.
    for place in maker.random.sample(range(last - DISTANCE, last), adjacent):
        maker.count += 1
        copy = dict(originals[place], source_id=f"L-{maker.count:06d}")
        placed.append((place + 0.5, [copy[column] for column in COLUMNS]))
    for kind in invalid:
        placed.append((maker.random.uniform(0, last), maker.invalid(kind)))
    placed.sort(key=lambda entry: entry[0])

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(values for _, values in placed)
    return text.getvalue().encode()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("leads.csv")
    target.write_bytes(make())
