"""What to say, propose, plan and write: retrieval, cited answers, links, digests."""
