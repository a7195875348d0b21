import uuid

from muster_runtime.ids import SystemIds


def test_identifiers_are_random_uuids_as_everybody_reads_them() -> None:
    drawn = [SystemIds().uuid() for _ in range(100)]

    assert 100 == len(set(drawn))
    for text in drawn:
        assert str(uuid.UUID(text)) == text
        assert (4, uuid.RFC_4122) == (uuid.UUID(text).version, uuid.UUID(text).variant)


def test_all_other_bits_of_an_identifier_vary() -> None:
    ones = zeros = 0
    for _ in range(200):
        number = uuid.UUID(SystemIds().uuid()).int
        ones, zeros = ones | number, zeros | ~number

    # Six bits are given: the version's 0100 and the variant's 10.
    assert 2**128 - 1 - (0b1011 << 76 | 0b01 << 62) == ones
    assert 122 + 4 == (zeros & (2**128 - 1)).bit_count()
