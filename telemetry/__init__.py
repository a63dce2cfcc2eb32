"""The contract between stations and centre: quantities, readings, batches, acks, status, topics.

Pure data: no I/O, no clock. Every other room may import this one; it imports none of them.
"""
