"""How knowledge is used: read, found, voted on, suggested, and followed by a contact all the same."""

from projections.knowledge_usage.alarms import Action, Alarm, AlarmKind, alarms, measured
from projections.knowledge_usage.asked import Asked
from projections.knowledge_usage.behind import (
    OF_AN_ARTICLE,
    Figure,
    IncidentUsed,
    Next,
    VisitTold,
    incidents,
    visits,
)
from projections.knowledge_usage.by_article import ArticleFigures, Order, by_article, titles
from projections.knowledge_usage.by_words import WordFigures, by_phrase, by_word
from projections.knowledge_usage.figures import Day, Figures, by_day, figures
from projections.knowledge_usage.fold import KNOWLEDGE_USAGE
from projections.knowledge_usage.placement import wanted
from projections.knowledge_usage.read import read
from projections.knowledge_usage.thresholds import PRESETS, thresholds

__all__ = [
    "KNOWLEDGE_USAGE",
    "OF_AN_ARTICLE",
    "PRESETS",
    "Action",
    "Alarm",
    "AlarmKind",
    "ArticleFigures",
    "Asked",
    "Day",
    "Figure",
    "Figures",
    "IncidentUsed",
    "Next",
    "Order",
    "VisitTold",
    "WordFigures",
    "alarms",
    "by_article",
    "by_day",
    "by_phrase",
    "by_word",
    "figures",
    "incidents",
    "measured",
    "read",
    "thresholds",
    "titles",
    "visits",
    "wanted",
]
