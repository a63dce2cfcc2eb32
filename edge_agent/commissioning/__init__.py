"""What an installer needs in front of the cabinet: find the meters, enrol the station, see that it works."""
