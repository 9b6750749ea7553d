"""How a question is answered: what is looked for, which sentences count, what an engine is sent, what is cited."""
