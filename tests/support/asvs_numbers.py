"""How many requirements each section of OWASP ASVS 5.0.0 has, chapters V6 to V11.

Source: github.com/OWASP/ASVS, tag v5.0.0_release, 5.0/en, files 0x15 to 0x20, counted 2026-11.
"""

SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "8.1": 4, "8.2": 4, "8.3": 3, "8.4": 2,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 4, "11.2": 5, "11.3": 5, "11.4": 4, "11.5": 2, "11.6": 2, "11.7": 2,
}  # fmt: skip
NUMBERS = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
"""All 146, in the order of the standard."""
