-- The incident that a held record answers or names, so that sight can leave it out (decision 19). Held as
-- `claims_an_incident` before this, nobody knows which: it is there for those only from whom no team is hidden.

ALTER TABLE quarantine ADD COLUMN incident uuid;

CREATE SCHEMA narrowed_quarantine;
CREATE VIEW narrowed_quarantine.quarantine AS SELECT * FROM public.quarantine  -- a new column is to be added here, too
    WHERE CASE WHEN incident IS NULL THEN reason <> 'claims_an_incident' ELSE public.sees(incident) END;
