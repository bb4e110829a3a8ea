"""All read models. Adding one: its file, and its line here."""

from __future__ import annotations

from projections.access_log import ACCESS_LOG
from projections.article_search import ARTICLE_SEARCH
from projections.articles import ARTICLES
from projections.callbacks import CALLBACKS
from projections.calls import CALLS
from projections.casework import CASEWORK
from projections.channel_report import CHANNEL_REPORT
from projections.chats import CHATS
from projections.customers import CUSTOMERS
from projections.incidents import INCIDENTS
from projections.knowledge_usage import KNOWLEDGE_USAGE
from projections.mutes import MUTES
from projections.organizations import ORGANIZATIONS
from projections.projection import Projection
from projections.timeline import TIMELINE
from projections.work import WORK
from schemas.errors import NotFoundError

ALL = (
    TIMELINE,
    INCIDENTS,
    CUSTOMERS,
    CALLS,
    CHATS,
    ARTICLES,
    ARTICLE_SEARCH,
    CASEWORK,
    CHANNEL_REPORT,
    KNOWLEDGE_USAGE,
    CALLBACKS,
    WORK,
    ACCESS_LOG,
    ORGANIZATIONS,
    MUTES,
)


def by_name(name: str) -> Projection:
    """The read model of that name. Raises NotFoundError that lists them."""
    for projection in ALL:
        if projection.name == name:
            return projection
    raise NotFoundError(f"no read model is called {name}: {', '.join(each.name for each in ALL)}")
