"""Commands about a director's place among others."""
