-- Closed teams: their incidents are seen by their members only. How a reader's transaction says what is hidden from it
-- stands in eventstore/database.py: the settings cauce.hidden (an array) and cauce.person.

ALTER TABLE teams ADD COLUMN closed boolean NOT NULL DEFAULT false;

-- Closed teams that somebody isn't in; of nobody (NULL): all of them.
CREATE FUNCTION public.hidden_from(user_name text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(name ORDER BY name), '{}') FROM teams WHERE closed AND NOT EXISTS (
        SELECT FROM team_members WHERE team = teams.name AND team_members.user_name = hidden_from.user_name)
$$;

-- May this reader see what belongs to an incident, or to the one that an interaction of it is in by now? Finds the read
-- model by name when it is called: a rebuilt one takes the place of the one before. Without the settings it fails.
CREATE FUNCTION public.sees(asked uuid, said uuid DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    hidden text[] := current_setting('cauce.hidden');
    found record;
BEGIN
    IF said IS NOT NULL THEN
        asked := coalesce((SELECT incident FROM incidents.incident_links WHERE interaction = said), asked);
    END IF;
    LOOP
        SELECT merged_into, team, assignee INTO found FROM incidents.incidents WHERE id = asked;
        EXIT WHEN found.merged_into IS NULL;
        asked := found.merged_into;
    END LOOP;
    RETURN found.team IS NULL OR found.team <> ALL (hidden)
        OR coalesce(found.assignee = current_setting('cauce.person'), false);
END $$;
