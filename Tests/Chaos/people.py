"""Leads that clients send, as far as possible about people whom others send as well."""

import hashlib
import random

import world

INDUSTRIES = ["Information", "Manufacturing", "Retail Trade", "Construction", "Utilities", "Finance and Insurance"]
COUNTRIES = ["US", "Canada", "Germany", None]
# How many people a second become known to all clients.
SHARED_A_SECOND = 3


def identity(kind, value):
    """The identities of a person, computed from the canonical values of the person."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


class Person:
    """A person, by number; one in ten has the phone number of another person."""

    def __init__(self, number):
        self.number = number
        self.domain = "gmail.com" if number % 7 == 0 else "example.com"
        self.name = f"person{number}"
        self.phone = f"2{(number - 3 if number % 10 == 0 else number):09d}"

    @property
    def email(self):
        return f"{self.name}@{self.domain}"

    def written(self, draw):
        """The email address and the phone number in a usual notation."""
        name, domain = self.name, self.domain
        if domain == "gmail.com" and draw.random() < 0.5:
            name, domain = f"{name[:3]}.{name[3:]}+ad", draw.choice(["gmail.com", "googlemail.com"])
        email = f"{name}@{domain}"
        if draw.random() < 0.3:
            email = email.upper()
        digits = self.phone
        phone = draw.choice([digits, f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}", f"001{digits} ext. 5"])
        return email, phone


class Sender:
    """The sequence of leads of one client: a pure function of its seed."""

    def __init__(self, client):
        self.draw = random.Random(client.seed)
        self.client = client
        self.count = 0

    def next(self, source=None):
        """A lead: its key, its identities, its source and its fields under the API's names."""
        draw = self.draw
        self.count += 1
        if draw.random() < 0.35:
            known = int(self.count / self.client.rate * SHARED_A_SECOND)
            number = 900_000_000 + max(0, known - draw.randrange(30))
        else:
            number = (self.client.number + 1) * 10_000_000 + self.count
        person = Person(number)
        email, phone = person.written(draw)
        identities = []
        shape = draw.random()
        fields = {"firstName": "Ada", "industry": draw.choice(INDUSTRIES)}
        if shape > 0.1:
            fields["email"] = email
            identities.append(identity("email", person.email))
        if shape < 0.8:
            fields["phone"] = phone
            identities.append(identity("phone", person.phone))
        country = draw.choice(COUNTRIES)
        if country:
            fields["location"] = {"country": country}
        source = source or draw.choice(world.SOURCES)
        return Lead(f"{self.client.kind}{self.client.number}-{self.count}", source, tuple(identities), fields)


class Lead:
    """A lead that is to be sent; each try is stored under a name of its own."""

    def __init__(self, key, source, identities, fields):
        self.key = key
        self.source = source
        self.identities = identities
        self.fields = fields
        self.tries = 0

    def again(self):
        """The name of the next try."""
        self.tries += 1
        return f"{self.key}/{self.tries}"
