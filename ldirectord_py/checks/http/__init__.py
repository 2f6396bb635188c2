"""HTTP, HTTPS and HTTP proxies: the request, how an answer is read strictly or loosely, and what makes it an answer."""
