"""The table that a run ends with."""

import textwrap

FEW = 5


def print_table(run, results, guard=None):
    """Prints what was done, what came of it, and each promise with a tick or what is wrong; returns how many are broken."""
    plan, counts = run.plan, run.ledger.counts
    print()
    print(f"seed {plan.seed}, plan {plan.fingerprint}: {plan.seconds / 60:g} minutes, {plan.nodes} nodes"
          + (f", without {guard}" if guard else ""))
    print()
    for title, prefix in (("faults", "fault: "), ("changes", "change: ")):
        chosen = sorted(((n, what[len(prefix):]) for what, n in counts.items() if what.startswith(prefix)), reverse=True)
        print(f"{sum(n for n, _ in chosen):>8}  {title}")
        print(listed((what, n) for n, what in chosen))
    for number, what in run.figures:
        print(f"{number:>8}  {what}")
    others = {what: n for what, n in counts.items() if n and not what.startswith(("fault: ", "change: ", "sent"))}
    print(f"{'':8}  also")
    print(listed(sorted(others.items())))
    print()
    width = max(len(text) for _, text, _, _ in results)
    for name, text, count, wrong in results:
        print(f"  {'✗' if wrong else '✓'}  {text:<{width}}  {count:>8}" + (f"   {len(wrong)} wrong" if wrong else ""))
        for line in wrong[:FEW]:
            print(f"       {line[:400]}")
        if len(wrong) > FEW:
            print(f"       and {len(wrong) - FEW} more")
    broken = sum(1 for _, _, _, wrong in results if wrong)
    print()
    print(f"{len(results) - broken} passed, {broken} failed", flush=True)
    return broken


def listed(counts):
    """Names and numbers, broken between them only."""
    text = ", ".join(f"{what} {n}".replace(" ", "\u00a0") for what, n in counts)
    return textwrap.fill(text, 110, initial_indent=" " * 10, subsequent_indent=" " * 10).replace("\u00a0", " ")
