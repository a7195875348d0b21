"""The default EventBridge bus: what AWS does there with events of its own, done in its stead.

No client may put events whose source begins with `aws.`, so the rules of the bus are read, matched here, and their
targets served directly.
"""
