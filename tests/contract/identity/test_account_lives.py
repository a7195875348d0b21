from identity_machine import live


def test_links_unlinks_mergers_bans_deletions_and_refreshes_in_any_order_keep_one_account_an_identity() -> None:
    # The same lives every day: it must not fail on one day for what it happened not to try. The long run varies.
    live(40, same_every_day=True)
